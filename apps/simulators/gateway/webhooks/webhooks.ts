import type { Log } from '#runtime'
import { createAgenda } from '../engine/agenda.ts'
import type { Command } from '../engine/deeds.ts'
import type { Audience, Gateway, Happened } from '../engine/gateway.ts'
import type { LineFile } from '../engine/line-file.ts'
import type { Entry, EventType } from '../engine/state.ts'
import type { Faults, Sighted } from '../faults/faults.ts'
import { attempt } from './attempts.ts'
import { createCourier } from './courier.ts'
import { createDeliveries, type Deliveries, type Delivery } from './deliveries.ts'
import type { Endpoint } from './post.ts'
import type { Outcome } from './webhook-outcomes.ts'

export interface WebhookOptions {
  /** Undefined: nobody wants to hear of anything. */
  readonly endpoint: Endpoint | undefined
  /** Left out: all. */
  readonly types?: readonly EventType[] | undefined
  /** The first attempt comes so long after the event: not before the answer, which takes that long as well. */
  readonly firstDelayMs: number
  /** The pause after the first failure; it doubles with each. */
  readonly retryMs: number
  readonly faults: Pick<Faults, 'strikeWebhook'>
  readonly log: Log
}

export type Standing =
  | { readonly is: 'notWanted' | Outcome['outcome'] }
  | { readonly is: 'waiting'; readonly attempts: number; readonly said: string | undefined }

export interface Webhooks extends Audience {
  /** How many endpoints still wait for it: 0 too when it was given up. */
  pending(event: Happened): 0 | 1
  /** In the order in which they happened. */
  undelivered(): Iterable<Readonly<Delivery>>
  /** One word, and for what is on its way how often it was tried and what was said. */
  standing(event: Happened): Standing
  readonly counts: { readonly delivered: number; readonly waiting: number; readonly failed: number }
  /** Takes up what an earlier life has not delivered. */
  start(source: { gateway: Gateway; outcomes: LineFile<Outcome>; known: ReadonlyMap<string, Outcome> }): void
  stop(): Promise<void>
}

/** An event that is to come behind the next one comes by itself when there is none. */
const heldMaxMs = 10_000
/** What is under way at a stop has so long to end. It is delivered again after the start, if it has not. */
const stopTimeoutMs = 2_000

/** A request whose webhook is to come before its answer waits no longer for a receiver that is not there. */
const answerWaitsMaxMs = 10_000

/** Delivers events to one endpoint, at least once each, in no promised order: as Stripe does, or worse where asked to. */
export function createWebhooks(options: WebhookOptions): Webhooks {
  const { endpoint, types, faults } = options
  const deliveries = createDeliveries()
  const dispatch = dispatching(options, deliveries)
  return {
    endpointsFor: (type) => (endpoint !== undefined && (types?.includes(type) ?? true) ? 1 : 0),
    tell(happened, { entry, command }) {
      const seen = sightedOf(entry, command)
      const waits = happened.flatMap((event) => {
        if (event.webhooks === 0) return []
        const misdeed = faults.strikeWebhook({ ...seen, event: event.type }) ?? {}
        return dispatch.offer(deliveries.begin(event, misdeed), entry.intent?.id) ?? []
      })
      return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined)
    },
    pending: ({ id }) => (deliveries.get(id) === undefined ? 0 : 1),
    undelivered: () => deliveries.values(),
    standing: ({ id, webhooks }) => {
      const delivery = deliveries.get(id)
      if (delivery !== undefined) return { is: 'waiting', attempts: delivery.attempts, said: delivery.said }
      return { is: webhooks === 0 ? 'notWanted' : (deliveries.failed(id)?.outcome ?? 'delivered') }
    },
    get counts() {
      return deliveries.counts
    },
    start({ gateway, outcomes, known }) {
      for (const event of gateway.events.values()) {
        const outcome = known.get(event.id)
        if (outcome !== undefined) deliveries.remember(outcome)
        else if (event.webhooks === 1 && endpoint !== undefined) void dispatch.offer(deliveries.begin(event, {}))
      }
      deliveries.writeTo(outcomes)
      dispatch.begin(gateway)
    },
    stop: () => dispatch.stop(),
  }
}

/** When which attempt is made. */
function dispatching({ endpoint, log, retryMs, firstDelayMs }: WebhookOptions, deliveries: Deliveries) {
  const opened = Promise.withResolvers<Gateway>()
  const aborter = new AbortController()
  const heldOf = new Map<string, Delivery[]>()
  const agenda = createAgenda<{ delivery: Delivery; isRelease: boolean }>(({ delivery, isRelease }) => {
    if (isRelease && !delivery.held) return
    delivery.held = false
    courier.dispatch(delivery)
  })
  const at = (delivery: Delivery, atMs: number) => agenda.add(atMs, { delivery, isRelease: false })
  const read = async (event: Happened) => (await opened.promise).read(event, 1)
  const courier = createCourier<Delivery>({
    restMs: retryMs,
    attempt: async (delivery) => {
      if (endpoint === undefined) throw new Error('There is nobody to deliver to')
      return await attempt(delivery, { endpoint, deliveries, retryMs, read, again: at, log, signal: aborter.signal })
    },
  })

  function hold(delivery: Delivery, intentId: string): void {
    delivery.held = true
    heldOf.set(intentId, [...(heldOf.get(intentId) ?? []), delivery])
    agenda.add(Date.now() + heldMaxMs, { delivery, isRelease: true })
  }

  /** What waited for the intent's next event follows that one. */
  function release(delivery: Delivery, intentId: string): void {
    const behind = heldOf.get(intentId)
    if (behind === undefined) return
    heldOf.delete(intentId)
    delivery.onAttempted.push(() => {
      for (const each of behind) agenda.add(Date.now(), { delivery: each, isRelease: true })
    })
  }

  return {
    offer(delivery: Delivery, intentId = ''): Promise<void> | undefined {
      const { lost, afterNext, beforeAnswer, delayMs } = delivery.misdeed
      if (lost === true) void deliveries.end(delivery, 'lost')
      else if (afterNext === true) hold(delivery, intentId)
      if (lost === true || afterNext === true) return undefined
      release(delivery, intentId)
      at(delivery, Date.now() + (delayMs ?? (beforeAnswer === true ? 0 : firstDelayMs)))
      return beforeAnswer === true ? attempted(delivery) : undefined
    },
    begin(gateway: Gateway): void {
      opened.resolve(gateway)
      agenda.start()
    },
    async stop() {
      agenda.stop()
      const late = setTimeout(() => aborter.abort(), stopTimeoutMs)
      await courier.stop()
      clearTimeout(late)
    },
  }
}

function attempted({ onAttempted }: Delivery): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  onAttempted.push(resolve)
  setTimeout(resolve, answerWaitsMaxMs).unref()
  return promise
}

function sightedOf({ intent }: Entry, command: Command): Sighted {
  const operation = command.type === 'operate' ? command.operation.type : command.type
  return {
    operation: operation === 'lapse' || operation === 'settle' ? undefined : operation,
    orderId: intent?.metadata['orderId'],
    amount: intent?.amount,
  }
}
