import { eventResource } from '../webhooks/events.ts'
import { type Agenda, createAgenda } from './agenda.ts'
import { type Books, createBooks } from './books.ts'
import type { Command } from './deeds.ts'
import { createKeys } from './idempotency.ts'
import { lapse } from './intents.ts'
import type { Clock } from './outcome.ts'
import { createPerform, type Perform } from './perform.ts'
import type { DurableRecord, Position } from './record.ts'
import { createShelf, type Shelf } from './shelf.ts'
import type { Entry, EventType, Intent } from './state.ts'

/** An event on disk: where its line lies, which holds the rest of it. */
export interface Happened {
  readonly id: string
  readonly type: EventType
  /** Unix seconds. */
  readonly created: number
  readonly at: Position
  readonly webhooks: 0 | 1
}

/** Who is told of events, once they are on disk. */
export interface Audience {
  /** How many endpoints want to hear of such an event. */
  endpointsFor(type: EventType): 0 | 1
  /** A promise keeps the answer of the request that caused it back until it resolves. Never rejects. */
  tell(happened: readonly Happened[], cause: { entry: Entry; command: Command }): Promise<void> | undefined
}

export interface Gateway {
  /** Does it, or gives the first answer for that key again. Resolves when what it did is on disk. */
  readonly perform: Perform
  /** What readers see is on disk, else a crash could take back what somebody has already seen. */
  settled(): Promise<void>
  intent(id: string): Intent | undefined
  readonly books: Books
  readonly events: Omit<Shelf<Happened>, 'put'>
  /** Stripe's JSON of an event, and what it is about. */
  read(event: Happened, pendingWebhooks: number): Promise<ReturnType<typeof eventResource>>
  /** An entry of the record, at the start. */
  remember(entry: Entry, position: Position): void
  /** From now on there is an answer, and what lapses or settles by itself does so. */
  writeTo(record: DurableRecord): void
  /** Nothing happens by itself any more. */
  stop(): void
}

export interface GatewayOptions {
  readonly holdSeconds: number
  readonly keySeconds: number
  readonly refundSettleMs: number
  readonly audience: Audience
}

export function createGateway({ holdSeconds, keySeconds, refundSettleMs, audience }: GatewayOptions): Gateway {
  const books = createBooks()
  const events = createShelf<Happened>()
  const keys = createKeys<Position>({ keptSeconds: keySeconds })
  const opened = Promise.withResolvers<DurableRecord>()
  const agenda = createAgenda<Command>((command) => void perform(command, undefined))
  const clock = (): Clock => {
    const nowMs = Date.now()
    return { now: Math.floor(nowMs / 1000), holdSeconds, refundSettlesAtMs: nowMs + refundSettleMs }
  }
  const perform = createPerform({
    books,
    keys,
    clock,
    record: opened.promise,
    endpointsFor: (type) => audience.endpointsFor(type),
    onDone: (entry) => plan(entry, agenda),
    onDurable: (entry, at, command) => audience.tell(shelve(entry, at, events), { entry, command }),
  })

  return {
    books,
    events,
    perform,
    async settled() {
      await (await opened.promise).flushed()
    },
    intent(id) {
      const intent = books.intents.get(id)
      return intent === undefined ? undefined : lapse(intent, clock().now)
    },
    async read({ id, type, at }, pendingWebhooks) {
      const entry = await (await opened.promise).read(at)
      return eventResource(entry, { id, type, pendingWebhooks })
    },
    remember(entry, at) {
      books.apply(entry)
      shelve(entry, at, events)
      const { key } = entry
      if (key === undefined) return
      const since = Math.floor(Date.parse(entry.at) / 1000)
      keys.settle(key.name, { fingerprint: key.fingerprint, at, since })
    },
    writeTo(record) {
      for (const intent of books.intents.values()) plan({ did: 'authorised', intent }, agenda)
      for (const refund of books.refunds.values()) plan({ did: 'refunded', refund }, agenda)
      opened.resolve(record)
      agenda.start()
    },
    stop: () => agenda.stop(),
  }
}

/** What has been done may leave something to happen by itself. */
function plan({ did, intent, refund }: Pick<Entry, 'did' | 'intent' | 'refund'>, agenda: Agenda<Command>): void {
  if (did === 'refunded' && refund?.settles !== undefined) {
    agenda.add(refund.settles.atMs, { type: 'settle', refundId: refund.id })
  }
  if (did !== 'authorised' || intent?.status !== 'requires_capture') return
  const { captureBefore } = intent.charge
  if (captureBefore === null) return
  agenda.add(captureBefore * 1000, { type: 'operate', intentId: intent.id, operation: { type: 'lapse' } })
}

function shelve(entry: Entry, at: Position, events: Shelf<Happened>): readonly Happened[] {
  const created = Math.floor(Date.parse(entry.at) / 1000)
  const happened = (entry.events ?? []).map((event) => ({ ...event, created, at }))
  for (const each of happened) events.put(each.id, each)
  return happened
}
