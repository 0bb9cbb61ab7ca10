import type { Log } from '#runtime'
import type { Happened } from '../engine/gateway.ts'
import type { Deliveries, Delivery } from './deliveries.ts'
import type { eventResource } from './events.ts'
import { type Answer, type Endpoint, post } from './post.ts'

export interface AttemptOptions {
  readonly endpoint: Endpoint
  readonly deliveries: Deliveries
  /** The pause after the first failure; it doubles with each. */
  readonly retryMs: number
  readonly read: (event: Happened) => Promise<ReturnType<typeof eventResource>>
  readonly again: (delivery: Delivery, atMs: number) => void
  readonly log: Log
  /** Cuts an attempt off. */
  readonly signal: AbortSignal
}

/** As long as Stripe tries. */
const giveUpAfterMs = 3 * 24 * 60 * 60 * 1000
const pauseMaxMs = 5 * 60 * 1000

/** Whether it was taken. What was not comes again, until there is no use in it any more. */
export async function attempt(delivery: Delivery, options: AttemptOptions): Promise<boolean> {
  const { deliveries, log, retryMs } = options
  const { event } = delivery
  const { ok, said } = await deliver(delivery, options)
  delivery.attempts += 1
  delivery.said = said
  for (const next of delivery.onAttempted.splice(0)) next()
  if (ok) {
    await deliveries.end(delivery, 'delivered')
    return true
  }
  const about = { eventId: event.id, event: event.type, attempts: delivery.attempts, said }
  const pauseMs = Math.min(retryMs * 2 ** (delivery.attempts - 1), pauseMaxMs)
  if (Date.now() + pauseMs > event.created * 1000 + giveUpAfterMs) {
    log.warn(about, 'a webhook was given up')
    await deliveries.end(delivery, 'gaveUp')
  } else {
    log.debug({ ...about, pauseMs }, 'a webhook was not taken, and comes again')
    options.again(delivery, Date.now() + pauseMs)
  }
  return false
}

/** The first time as it was asked for, then properly. Copies go side by side, and each has to be taken. */
async function deliver(
  { event, misdeed, attempts }: Delivery,
  { endpoint, read, signal }: AttemptOptions,
): Promise<Answer> {
  const resource = await read(event)
  const { copies = 0, ...manner } = attempts === 0 ? misdeed : {}
  const posts = Array.from({ length: 1 + copies }, () => post(endpoint, resource, { manner, signal }))
  const answers = await Promise.all(posts)
  return answers.find(({ ok }) => !ok) ?? answers[0] ?? { ok: false, said: 'nothing was sent' }
}
