import { z } from 'zod'

/** RFC 9457, as far as a person needs it. */
const problemDocument = z.object({
  title: z.string(),
  detail: z.string().optional(),
  errors: z.array(z.object({ field: z.string(), detail: z.string() })).default([]),
})

export interface Refusal {
  readonly service: string
  readonly status: number
  readonly text: string
}

const shownMax = 200

/** What a service has against a request, as lines for a person: from its problem document where it sent one. */
export function refusalInWords({ service, status, text }: Refusal): string {
  const found = problemDocument.safeParse(parsed(text))
  if (!found.success) return `The ${service} service answers ${status}: ${text.slice(0, shownMax)}`.trimEnd()
  const { title, detail, errors } = found.data
  const said = detail === undefined ? title : `${title}. ${detail}`
  return [
    `The ${service} service answers ${status}: ${said}`,
    ...errors.map(({ field, detail: why }) => `  ${field === '' ? '' : `${field}: `}${why}`),
    ...(status === unauthorized ? [differentKeys] : []),
  ].join('\n')
}

const unauthorized = 401
const differentKeys =
  '  API_KEYS or OPS_API_KEYS are not those that it was started with: make up restarts it with those of .env.'

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
