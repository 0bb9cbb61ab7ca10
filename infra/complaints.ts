import { z } from 'zod'

/** `/readyz` itself waits up to two seconds for its probes. */
const timeoutMs = 4_000

const problem = z.object({ errors: z.array(z.object({ field: z.string(), detail: z.string() })) })

/** What a service says that it waits for; one sentence each, none when it is ready. */
export async function complaintsOf({ port }: { readonly port: number }): Promise<readonly string[]> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(timeoutMs) })
    const body: unknown = await response.json()
    if (response.ok) return []
    const { success, data } = problem.safeParse(body)
    return success ? data.errors.map(({ field, detail }) => `${field}: ${detail}`) : [`answers ${response.status}`]
  } catch (error) {
    return [`does not answer: ${error instanceof Error ? error.message : String(error)}`]
  }
}
