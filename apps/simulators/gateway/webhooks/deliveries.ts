import type { Happened } from '../engine/gateway.ts'
import type { LineFile } from '../engine/line-file.ts'
import type { WebhookMisdeed } from '../faults/misdeeds.ts'
import type { Outcome } from './webhook-outcomes.ts'

/** An event on its way. */
export interface Delivery {
  readonly event: Happened
  /** What is asked for instead of a proper first attempt. */
  readonly misdeed: WebhookMisdeed
  attempts: number
  /** What was said to the last attempt. */
  said: string | undefined
  /** Waits for the next event of its intent. */
  held: boolean
  /** Called after the first attempt. */
  readonly onAttempted: (() => void)[]
}

export interface Deliveries {
  begin(event: Happened, misdeed: WebhookMisdeed): Delivery
  end(delivery: Delivery, outcome: Outcome['outcome']): Promise<void>
  get(eventId: string): Readonly<Delivery> | undefined
  /** In the order in which they began. */
  values(): Iterable<Readonly<Delivery>>
  /** Given up, or lost on purpose. */
  failed(eventId: string): Outcome | undefined
  readonly counts: { readonly delivered: number; readonly waiting: number; readonly failed: number }
  /** An outcome of an earlier life. */
  remember(outcome: Outcome): void
  writeTo(outcomes: LineFile<Outcome>): void
}

/** In memory what is not delivered yet, or never will be; on disk what became of the rest. */
export function createDeliveries(): Deliveries {
  const deliveries = new Map<string, Delivery>()
  const failures = new Map<string, Outcome>()
  const opened = Promise.withResolvers<LineFile<Outcome>>()
  let delivered = 0

  function remember(outcome: Outcome): void {
    if (outcome.outcome === 'delivered') delivered += 1
    else failures.set(outcome.event, outcome)
  }

  return {
    begin(event, misdeed) {
      const delivery = { event, misdeed, attempts: 0, said: undefined, held: false, onAttempted: [] }
      deliveries.set(event.id, delivery)
      return delivery
    },
    async end({ event, attempts }, outcome) {
      const line = { event: event.id, at: new Date().toISOString(), outcome, attempts }
      deliveries.delete(event.id)
      remember(line)
      await (await opened.promise).append(line)
    },
    get: (eventId) => deliveries.get(eventId),
    values: () => deliveries.values(),
    failed: (eventId) => failures.get(eventId),
    get counts() {
      return { delivered, waiting: deliveries.size, failed: failures.size }
    },
    remember,
    writeTo: opened.resolve,
  }
}
