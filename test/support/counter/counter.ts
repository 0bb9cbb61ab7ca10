import { type Kysely, sql } from 'kysely'
import { type Decision, type Input, jsonbStore, type Log, type Participant, refused } from '#messaging'

/**
 * The smallest participant that uses everything: it adds what it hears, rings a bell outside for every ten, knocks at a
 * door when told, and closes at a deadline. For tests of the library, which knows no order.
 */
export interface Counter {
  readonly sum: number
  /** The inputs in the order in which they were decided. */
  readonly heard: readonly string[]
  readonly rings: number
  readonly isRinging: boolean
  readonly closesAt?: string
  readonly isClosed: boolean
}

export interface CounterVocabulary {
  state: Counter
  heard: { readonly type: 'Added'; readonly by: number; readonly name: string; readonly closesAt?: string | undefined }
  said: { readonly type: 'Counted'; readonly sum: number } | { readonly type: 'Closed' }
  command: { readonly type: 'Reset' } | { readonly type: 'Open' }
  effect: { readonly type: 'Ring'; readonly number: number } | { readonly type: 'Knock' }
  outcome:
    | { readonly type: 'Knocked' }
    | { readonly type: 'Rung' }
    | { readonly type: 'NeverRung' }
    | { readonly type: 'RingUnknown' }
}

const empty: Counter = { sum: 0, heard: [], rings: 0, isRinging: false, isClosed: false }

function decideCounter(counter: Counter | undefined, input: Input<CounterVocabulary>): Decision<CounterVocabulary> {
  const applied = (state: Counter, events: readonly CounterVocabulary['said'][] = []) => {
    const rings = !state.isRinging && Math.floor(state.sum / 10) > state.rings
    const effects = rings ? [{ type: 'Ring', number: state.rings + 1 } as const] : []
    return { is: 'applied', state: { ...state, isRinging: state.isRinging || rings }, events, effects } as const
  }
  switch (input.type) {
    case 'Open':
      return counter === undefined ? applied(empty) : { is: 'ignored', because: 'duplicate' }
    case 'Added': {
      if (input.name === 'bug') throw new TypeError('a bug of ours')
      if (counter === undefined && input.name === 'needs a row') return { is: 'notYet' }
      const before = counter ?? empty
      const sum = before.sum + input.by
      const { closesAt } = input
      const state = {
        ...before,
        sum,
        heard: [...before.heard, input.name],
        ...(closesAt === undefined ? {} : { closesAt }),
      }
      const decision = applied(state, [{ type: 'Counted', sum }])
      return input.name === 'knock' ? { ...decision, effects: [...decision.effects, { type: 'Knock' }] } : decision
    }
    case 'Reset':
      if (counter === undefined) return refused('nothing_to_reset')
      return { ...applied({ ...counter, sum: 0, rings: 0 }), withdraws: ['Ring'] }
    case 'Rung':
    case 'NeverRung':
      if (counter === undefined) return { is: 'ignored', because: 'alarm' }
      return applied({ ...counter, isRinging: false, rings: counter.rings + (input.type === 'Rung' ? 1 : 0) })
    case 'Knocked':
      return counter === undefined
        ? { is: 'ignored', because: 'alarm' }
        : applied({ ...counter, heard: [...counter.heard, 'knocked'] })
    case 'RingUnknown':
      return counter === undefined
        ? { is: 'ignored', because: 'alarm' }
        : applied({ ...counter, heard: [...counter.heard, '?'] })
    case 'DeadlineReached': {
      if (counter?.closesAt === undefined) return { is: 'ignored', because: 'late' }
      const { closesAt: _, ...open } = counter
      return applied({ ...open, isClosed: true }, [{ type: 'Closed' }])
    }
  }
}

type Handlers = Participant<CounterVocabulary>['effects']

export function counterParticipant(
  ring: Handlers['Ring']['call'] = () => Promise.resolve({ type: 'Rung' }),
): Participant<CounterVocabulary> {
  return {
    name: 'counter-service',
    stream: 'counter',
    listensTo: {
      topic: 'numbers.events',
      parse: {
        Added: (payload: string) => {
          const { by, name, closesAt }: { by?: unknown; name?: unknown; closesAt?: string } = JSON.parse(payload)
          if (typeof by !== 'number' || typeof name !== 'string') throw new Error('by and name are needed')
          return { type: 'Added', by, name, closesAt }
        },
      },
    },
    decide: decideCounter,
    dueAt: ({ closesAt }) => (closesAt === undefined ? undefined : new Date(closesAt)),
    store: jsonbStore<Counter>('counters', plainJson),
    encode: (event) => JSON.stringify(event.type === 'Counted' ? { sum: event.sum } : {}),
    effects: {
      Ring: {
        lane: (_effect, key) => `${key}/bell`,
        idempotencyKey: ({ number }, key) => `${key}/ring/${number}`,
        timeoutMs: 1_000,
        horizonMs: 60_000,
        call: ring,
        unknown: () => ({ type: 'RingUnknown' }),
        gaveUp: () => ({ type: 'Rung' }),
        neverSent: () => ({ type: 'NeverRung' }),
      },
      Knock: {
        lane: (_effect, key) => `${key}/door`,
        idempotencyKey: (_effect, key) => `${key}/knock`,
        timeoutMs: 1_000,
        horizonMs: 60_000,
        call: () => Promise.resolve({ type: 'Knocked' }),
        gaveUp: () => ({ type: 'Knocked' }),
      },
    },
    codec: plainJson,
  }
}

const plainJson = { encode: JSON.stringify, decode: <Value>(text: string): Value => JSON.parse(text) }

/** The counters' tables, in the schema of a service that lends us its outbox and effects. */
export async function createCounterTables(admin: Kysely<unknown>, schema = 'payment_service'): Promise<void> {
  await sql`set search_path = ${sql.id(schema)}`.execute(admin)
  await sql`
    create table counters (
      id uuid primary key, version int not null, source_version int not null, source_event_id uuid,
      due_at timestamptz, state jsonb not null)`.execute(admin)
  await sql`
    create table counters_history (
      position bigint generated always as identity, id uuid not null, version int not null,
      at timestamptz not null default clock_timestamp(), type text not null, cause text not null,
      change jsonb not null, primary key (id, position))`.execute(admin)
}

/** A caller for whom there is no room: what is decided on waits until somebody leases it. */
export const nobodyCalls = { take: () => false, giveBack: () => undefined, committed: () => undefined }

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

/** A message as Debezium would have placed it. */
export function added(
  key: string,
  version: number,
  { by = 1, name = `${version}`, id = `${crypto.randomUUID()}`, ...rest }: Partial<Content> = {},
) {
  return message({ key, version, id, type: 'Added', payload: JSON.stringify({ by, name, ...rest }) })
}

interface Content {
  readonly by: number
  readonly name: string
  readonly id: string
  readonly closesAt: string
}

let offset = 0
export function message(m: { key: string; version: number; id?: string; type: string; payload: string }) {
  offset += 1
  return {
    partition: 0,
    offset: `${offset}`,
    key: m.key,
    value: m.payload,
    headers: {
      ce_id: m.id ?? crypto.randomUUID(),
      ce_type: m.type,
      ce_aggregateversion: `${m.version}`,
      traceparent: '',
    },
  }
}
