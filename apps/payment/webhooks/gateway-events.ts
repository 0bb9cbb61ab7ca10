import { bulkhead } from 'cockatiel'
import { asError, backoffMs, classify, failpoint, NotPerformed } from '#messaging'
import { catalogue, describeError } from '#runtime'
import type { Found } from '../gateway/look-ups.ts'
import { decidingMs, type Learned, type LearningOptions, learn, learningDelays } from '../learn.ts'
import { type Worker, worker } from '../worker.ts'
import {
  type EventOutcome,
  postponeEvents,
  settleEvents,
  settleMs,
  type TakenEvent,
  takeEvents,
  toBeSeen,
} from './gateway-events-store.ts'

/** What other processes left behind is found at this interval. */
const pollMs = 1_000
/** So many are taken at a time, and so many of their payment intents looked up and decided on at once. */
const takenMax = 32
const atOnce = 8
/** An intent that is new may not be found at once. After some minutes it is none of ours. */
const attemptsToFindMax = 8

/** Handles what the gateway has told of, apart from the requests that told it. Replicas share the work. */
export function gatewayEventRunner(options: LearningOptions): Worker {
  const { log } = options
  const running = worker({
    once: async (signal) => (await handleEventsOnce(options, signal)) > 0,
    pollMs,
    onFailure: (err) => log.warn({ err }, 'events of the gateway could not be handled, trying again'),
  })
  return { ...running, wake: (afterMs = settleMs) => running.wake(afterMs) }
}

/** One round. @returns how many events were due */
export async function handleEventsOnce(
  options: LearningOptions,
  signal: AbortSignal = new AbortController().signal,
): Promise<number> {
  const forMs = (takenMax / atOnce) * (options.lookUpMs + decidingMs)
  const taken = await takeEvents(options.db, { limit: takenMax, forMs })
  const byIntent = Map.groupBy(taken, ({ paymentId }) => paymentId)
  const inTurn = bulkhead(atOnce, takenMax)
  const handling = Array.from(byIntent.values(), (events) =>
    inTurn.execute(() =>
      // Stopping: another process may take them at once.
      signal.aborted ? postponeEvents(options.db, events, { delayMs: 0, error: null }) : handle(options, events),
    ),
  )
  const [failed] = (await Promise.allSettled(handling)).filter(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw asError(failed.reason)
  return taken.length
}

/** What is known of one payment intent by now. */
async function handle(options: LearningOptions, events: readonly TakenEvent[]): Promise<void> {
  const { db, log } = options
  const [{ paymentId, attempts } = { paymentId: '', attempts: 0 }] = events
  const fields = { paymentId, eventIds: events.map(({ id }) => id), attempts }
  const delayMs = backoffMs(attempts, learningDelays)
  try {
    const withRefunds = events.some(({ isAboutRefunds }) => isAboutRefunds)
    const found = await options.lookUps.lookUp(paymentId, { withRefunds })
    failpoint('event.found')
    if (found === undefined) {
      if (attempts >= attemptsToFindMax) return await fail(options, events, new Error('no such payment intent'))
      return await postponeEvents(db, events, { delayMs, error: 'no such payment intent' })
    }
    const learned = await decide(options, events, found)
    failpoint('event.decided')
    tell(options, { ...fields, orderId: found.orderId, said: learned.said }, { events, outcome: learned.outcome })
  } catch (error) {
    if (error instanceof ContentFailure) return await fail(options, events, error.reason)
    const level = error instanceof NotPerformed ? 'info' : 'warn'
    log[level]({ ...fields, err: error }, 'an event of the gateway is handled later')
    await postponeEvents(db, events, { delayMs, error: describeError(error) })
  }
}

class ContentFailure extends Error {
  override readonly name = 'ContentFailure'
  readonly reason: Error
  constructor(reason: unknown) {
    super('an event cannot be decided on')
    this.reason = asError(reason)
  }
}

/** Facts, what follows from them and the events' outcome in one transaction. @throws ContentFailure if it never can be */
async function decide(
  { db, participant }: LearningOptions,
  events: readonly TakenEvent[],
  found: Found,
): Promise<Learned> {
  try {
    return await db.transaction().execute(async (trx) => {
      const cause = { id: events[0]?.id ?? '', traceparent: '' }
      const learned = await learn({ trx, participant }, found, cause)
      await settleEvents(trx, events, learned)
      return learned
    })
  } catch (error) {
    throw classify(error) === 'content' ? new ContentFailure(error) : error
  }
}

/** Kept with its error. Sent again, from the gateway's own pages, it is tried again. */
async function fail(options: LearningOptions, events: readonly TakenEvent[], error: Error): Promise<void> {
  const outcome = 'failed' as const
  await options.db.transaction().execute((trx) => settleEvents(trx, events, { outcome, error: describeError(error) }))
  tell(options, { eventIds: events.map(({ id }) => id), err: error }, { events, outcome })
}

interface Told {
  readonly events: readonly TakenEvent[]
  readonly outcome: EventOutcome
}

function tell({ log, metrics }: LearningOptions, fields: object, { events, outcome }: Told): void {
  metrics.counter(catalogue.gatewayEvents).inc({ outcome }, events.length)
  if (toBeSeen.has(outcome)) log.error({ ...fields, outcome }, 'an event of the gateway wants somebody to look')
  else log.info({ ...fields, outcome }, 'an event of the gateway is handled')
}
