import { describeError } from '#runtime'
import type { WebhookMisdeed } from '../faults/misdeeds.ts'
import type { eventResource } from './events.ts'
import { signatureOf } from './signature.ts'

export interface Endpoint {
  readonly url: string
  readonly secret: string
}

/** What a receiver said: only 2xx is a yes, and a redirect is none. */
export interface Answer {
  readonly ok: boolean
  /** The status, or what went wrong: for people. */
  readonly said: string
}

type EventResource = ReturnType<typeof eventResource>
export type Manner = Pick<WebhookMisdeed, 'staleMs' | 'forged' | 'amountOffBy'>

const answerTimeoutMs = 10_000
const answerMaxBytes = 64 * 1024
const forgersSecret = 'whsec_of_somebody_else'

/** Delivers an event once, properly or in that manner. Never rejects. */
export async function post(
  endpoint: Endpoint,
  event: EventResource,
  { manner, signal }: { manner: Manner; signal: AbortSignal },
): Promise<Answer> {
  const body = JSON.stringify(manner.amountOffBy === undefined ? event : exaggerated(event, manner.amountOffBy))
  const secret = manner.forged === true ? forgersSecret : endpoint.secret
  const timestamp = Math.floor((Date.now() - (manner.staleMs ?? 0)) / 1000)
  try {
    const response = await fetch(endpoint.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'stripe-signature': signatureOf(body, { secret, timestamp }),
        'user-agent': 'gateway-simulator',
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerTimeoutMs)]),
    })
    await passOver(response)
    return { ok: response.ok, said: String(response.status) }
  } catch (error) {
    return { ok: false, said: describeFailure(error) }
  }
}

/** A short answer is read, so that its connection can be used again. */
async function passOver(response: Response): Promise<void> {
  const length = Number(response.headers.get('content-length') ?? Infinity)
  if (length <= answerMaxBytes) await response.arrayBuffer()
  else await response.body?.cancel()
}

/** `fetch` says only that it failed; why stands in its cause. */
function describeFailure(error: unknown): string {
  return describeError(error instanceof Error && error.cause !== undefined ? error.cause : error)
}

/** The same event with other amounts. */
function exaggerated(event: EventResource, by: number): object {
  const object = Object.entries(event.data.object).map(([name, value]) =>
    name.startsWith('amount') && typeof value === 'number' && value > 0 ? [name, value + by] : [name, value],
  )
  return { ...event, data: { object: Object.fromEntries(object) } }
}
