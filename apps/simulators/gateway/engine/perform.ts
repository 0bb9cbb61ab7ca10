import { eventTypesOf } from '../webhooks/events.ts'
import type { Books } from './books.ts'
import { type Command, type Deed, execute } from './deeds.ts'
import { errors } from './errors.ts'
import type { Keys } from './idempotency.ts'
import { newId } from './ids.ts'
import type { Clock } from './outcome.ts'
import type { DurableRecord, Position } from './record.ts'
import type { Entry, EventType, GatewayError } from './state.ts'

export type Done =
  | { readonly is: 'done'; readonly entry: Entry; readonly replayed: boolean }
  | { readonly is: 'refused'; readonly error: GatewayError }

/** An error that is answered under a key in place of the truth, now and ever: instead of the deed or after it. */
export interface Instead {
  readonly when: 'before' | 'after'
  readonly error: GatewayError
}

export interface Key {
  readonly name: string
  readonly fingerprint: string
}

export type Perform = (command: Command, key: Key | undefined, instead?: Instead) => Promise<Done>

export interface PerformOptions {
  readonly books: Books
  readonly keys: Keys<Position>
  readonly record: Promise<DurableRecord>
  readonly clock: () => Clock
  /** How many endpoints want to hear of such an event. */
  readonly endpointsFor: (type: EventType) => 0 | 1
  /** What is done will be on disk behind all that is done next. */
  readonly onDone: (entry: Entry) => void
  /** It is on disk. The answer waits for what is returned, which never rejects. */
  readonly onDurable: (entry: Entry, at: Position, command: Command) => Promise<void> | undefined
}

export function createPerform(options: PerformOptions): Perform {
  const { books, keys, clock } = options
  return async (command, key, instead) => {
    const record = await options.record
    const now = clock()
    if (key !== undefined) {
      const claim = keys.claim(key.name, key.fingerprint, now.now)
      if (claim.is === 'otherRequest') return { is: 'refused', error: errors.keyOfAnother(key.name) }
      if (claim.is === 'inFlight') return { is: 'refused', error: errors.keyInUse(key.name) }
      if (claim.is === 'answered') return { is: 'done', entry: await record.read(claim.at), replayed: true }
    }
    try {
      const deed: Deed =
        instead?.when === 'before' ? { did: 'refused', error: instead.error } : execute(command, books, now)
      const said = instead?.when === 'after' ? { said: instead.error } : {}
      const entry: Entry = { at: new Date().toISOString(), ...deed, ...said, ...eventsOf(deed, options), key }
      // In memory first: the next request for this intent must see it, and its own line lies behind this one.
      books.apply(entry)
      if (key === undefined && entry.did === 'refused') return { is: 'done', entry, replayed: false }
      options.onDone(entry)
      const at = await record.append(entry)
      if (key !== undefined) keys.settle(key.name, { fingerprint: key.fingerprint, at, since: now.now })
      await options.onDurable(entry, at, command)
      return { is: 'done', entry, replayed: false }
    } catch (error) {
      if (key !== undefined) keys.release(key.name)
      throw error
    }
  }
}

function eventsOf(deed: Deed, { books, endpointsFor }: PerformOptions): Pick<Entry, 'events'> {
  const isNew = deed.intent !== undefined && books.intents.get(deed.intent.id) === undefined
  const types = eventTypesOf(deed, isNew)
  if (types.length === 0) return {}
  return { events: types.map((type) => ({ id: newId('evt'), type, webhooks: endpointsFor(type) })) }
}
