import { randomUUID } from 'node:crypto'
import { type Books, createBooks } from './books.ts'
import { verdictOn } from './cards.ts'
import { errors } from './errors.ts'
import { createKeys } from './idempotency.ts'
import { type Clock, lapse, type Operation, operate } from './intents.ts'
import type { DurableRecord, Position } from './record.ts'
import type { Entry, GatewayError, Intent } from './state.ts'

export interface NewIntent {
  readonly amount: number
  readonly currency: string
  readonly captureMethod: Intent['captureMethod']
  readonly metadata: Readonly<Record<string, string>>
  readonly paymentMethod: string | undefined
  readonly confirm: boolean
}

export type Command =
  | { readonly type: 'create'; readonly intent: NewIntent }
  | { readonly type: 'operate'; readonly intentId: string; readonly operation: Operation }

export type Done =
  | { readonly is: 'done'; readonly entry: Entry; readonly replayed: boolean }
  | { readonly is: 'refused'; readonly error: GatewayError }

export interface Gateway {
  /** Does it, or gives the first answer for that key again. Resolves when what it did is on disk. */
  perform(command: Command, key: { name: string; fingerprint: string } | undefined): Promise<Done>
  /** What readers see is on disk, else a crash could take back what somebody has already seen. */
  settled(): Promise<void>
  intent(id: string): Intent | undefined
  readonly books: Books
  /** An entry of the record, at the start. */
  remember(entry: Entry, position: Position): void
  writeTo(record: DurableRecord): void
}

export function createGateway({ holdSeconds }: { holdSeconds: number }): Gateway {
  const books = createBooks()
  const keys = createKeys<Position>()
  const opened = Promise.withResolvers<DurableRecord>()
  const clock = (): Clock => ({ now: Math.floor(Date.now() / 1000), holdSeconds })

  return {
    books,
    async perform(command, key) {
      const record = await opened.promise
      const now = clock()
      if (key !== undefined) {
        const claim = keys.claim(key.name, key.fingerprint, now.now)
        if (claim.is === 'otherRequest') return { is: 'refused', error: errors.keyOfAnother(key.name) }
        if (claim.is === 'inFlight') return { is: 'refused', error: errors.keyInUse(key.name) }
        if (claim.is === 'answered') return { is: 'done', entry: await record.read(claim.at), replayed: true }
      }
      try {
        const entry: Entry = { at: new Date().toISOString(), ...execute(command, books, now), key }
        // In memory first: the next request for this intent must see it, and its own line lies behind this one.
        books.apply(entry)
        if (key === undefined && entry.did === 'refused') return { is: 'done', entry, replayed: false }
        const at = await record.append(entry)
        if (key !== undefined) keys.settle(key.name, { fingerprint: key.fingerprint, at, since: now.now })
        return { is: 'done', entry, replayed: false }
      } catch (error) {
        if (key !== undefined) keys.release(key.name)
        throw error
      }
    },
    async settled() {
      await (await opened.promise).flushed()
    },
    intent(id) {
      const intent = books.intents.get(id)
      return intent === undefined ? undefined : lapse(intent, clock().now)
    },
    remember(entry, at) {
      books.apply(entry)
      const { key } = entry
      if (key !== undefined) {
        const since = Math.floor(Date.parse(entry.at) / 1000)
        keys.settle(key.name, { fingerprint: key.fingerprint, at, since })
      }
    },
    writeTo: opened.resolve,
  }
}

type Deed = Omit<Entry, 'at' | 'key'>

function execute(command: Command, books: Books, now: Clock): Deed {
  if (command.type === 'create') return create(command.intent, now)
  const { intentId, operation } = command
  const intent = books.intents.get(intentId)
  if (intent === undefined) {
    const error = operation.type === 'refund' ? errors.noIntentToRefund(intentId) : errors.noSuchIntent(intentId)
    return { did: 'refused', error }
  }
  const outcome = operate(intent, operation, now)
  // Stripe shows the intent beside an error of its own paths, not beside one of /v1/refunds.
  if (outcome.did === 'refused' && operation.type === 'refund') return { did: 'refused', error: outcome.error }
  return outcome
}

function create(wanted: NewIntent, clock: Clock): Deed {
  const { paymentMethod, confirm, ...about } = wanted
  if (paymentMethod !== undefined && verdictOn(paymentMethod) === undefined) {
    return { did: 'refused', error: errors.noSuchPaymentMethod(paymentMethod) }
  }
  const created = { ...about, id: newId('pi'), created: clock.now }
  const intent: Intent =
    paymentMethod === undefined
      ? { ...created, status: 'requires_payment_method', paymentMethod: null }
      : { ...created, status: 'requires_confirmation', paymentMethod }
  if (!confirm) return { did: 'created', intent }
  const outcome = operate(intent, { type: 'confirm', chargeId: newId('ch') }, clock)
  return outcome.did === 'refused' ? { did: 'refused', error: outcome.error } : outcome
}

export const newId = (prefix: 'pi' | 'ch' | 're' | 'req'): string => `${prefix}_${randomUUID().replaceAll('-', '')}`
