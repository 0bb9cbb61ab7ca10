import { type RawBuilder, sql } from 'kysely'
import { intArray, jsonbArray, textArray, uuidArray } from '../lib/arrays.ts'
import type { AggregateToSave, Codec, HistoryEntry, Store, StoredAggregate } from '../types/vocabulary.ts'

interface Row {
  readonly now: Date
  /** Null, and all the others with it, when no row was found. */
  readonly id: string | null
  readonly version: number
  readonly source_version: number
  readonly source_event_id: string | null
  readonly state: string
}

/**
 * A store over a table `(id uuid, version int, source_version int, source_event_id uuid, due_at timestamptz, state
 * jsonb)` and its `<table>_history (id uuid, version int, type text, cause text, change json, …)`. What a service
 * queries or constrains besides, its migration derives from `state` as generated columns.
 */
export function jsonbStore<State extends object>(table: string, codec: Codec): Store<State> {
  const aggregates = sql.table(table)
  const history = sql.table(`${table}_history`)
  return {
    async lock(trx, keys) {
      // The locking statement stands alone in its subquery: one that joins would read rows as they were before the wait.
      const { rows } = await sql<Row>`
        select clock_timestamp() as now, locked.* from (values (1)) as always left join (
          select id, version, source_version, source_event_id, state::text as state
          from ${aggregates} where id = any(${uuidArray(keys)}::uuid[]) order by id for update
        ) as locked on true`.execute(trx)
      // The last row's: after all of the waiting.
      const now = rows.at(-1)?.now
      if (now === undefined) throw new Error('The database did not tell the time')
      const found = rows.flatMap((row) => (row.id === null ? [] : [[row.id, stored<State>(row, codec)] as const]))
      return { now, rows: new Map(found) }
    },

    save(toSave) {
      const created = toSave.filter(({ loadedVersion }) => loadedVersion === undefined)
      const existing = toSave.filter(({ loadedVersion }) => loadedVersion !== undefined)
      const [changed, moved] = [existing.filter(isChanged), existing.filter((saved) => !isChanged(saved))]
      return [
        ...(changed.length === 0 ? [] : [update(aggregates, columnsOf(changed, codec))]),
        ...(moved.length === 0 ? [] : [move(aggregates, moved)]),
        ...(created.length === 0 ? [] : [insert(aggregates, columnsOf(created, codec))]),
      ]
    },

    record(entries) {
      const texts = (name: Exclude<keyof HistoryEntry, 'version'>) => textArray(entries.map((entry) => entry[name]))
      return sql`
        insert into ${history} (id, version, type, cause, change)
        select id, version, type, cause, change::json from unnest(
          ${uuidArray(entries.map(({ key }) => key))}::uuid[], ${intArray(entries.map(({ version }) => version))}::int[],
          ${texts('type')}::text[], ${texts('cause')}::text[], ${texts('change')}::text[]
        ) as entry (id, version, type, cause, change)`
    },

    async due(trx, limit) {
      const { rows } = await sql<{ id: string }>`
        select id from ${aggregates} where due_at <= now() order by due_at limit ${limit}
        for update skip locked`.execute(trx)
      return rows.map(({ id }) => id)
    },
  }
}

type Fragment = RawBuilder<unknown>

const isChanged = (saved: AggregateToSave<unknown>): boolean => saved.isChanged

const update = (aggregates: Fragment, saved: Fragment) => sql<{ id: string }>`
  update ${aggregates} as stored
  set version = saved.version, source_version = saved.source_version, source_event_id = saved.source_event_id,
      due_at = saved.due_at, state = saved.state
  from ${saved}
  where stored.id = saved.id and stored.version = saved.loaded_version
  returning stored.id`

/** A message that changes nothing has been heard: its position costs neither the state nor an entry in any index. */
const move = (aggregates: Fragment, moved: readonly AggregateToSave<unknown>[]) => sql<{ id: string }>`
  update ${aggregates} as stored
  set source_version = moved.source_version, source_event_id = moved.source_event_id
  from unnest(
    ${uuidArray(moved.map(({ key }) => key))}::uuid[], ${intArray(moved.map(({ version }) => version))}::int[],
    ${intArray(moved.map(({ position }) => position.version))}::int[],
    ${uuidArray(moved.map(({ position }) => position.eventId ?? null))}::uuid[]
  ) as moved (id, version, source_version, source_event_id)
  where stored.id = moved.id and stored.version = moved.version
  returning stored.id`

const insert = (aggregates: Fragment, saved: Fragment) => sql<{ id: string }>`
  insert into ${aggregates} (id, version, source_version, source_event_id, due_at, state)
  select id, version, source_version, source_event_id, due_at, state from ${saved} order by id
  on conflict (id) do nothing
  returning id`

const columnsOf = <State extends object>(toSave: readonly AggregateToSave<State>[], codec: Codec): Fragment => sql`
  unnest(
    ${uuidArray(toSave.map(({ key }) => key))}::uuid[], ${intArray(toSave.map(({ version }) => version))}::int[],
    ${intArray(toSave.map(({ loadedVersion }) => loadedVersion ?? null))}::int[],
    ${intArray(toSave.map(({ position }) => position.version))}::int[],
    ${uuidArray(toSave.map(({ position }) => position.eventId ?? null))}::uuid[],
    ${toSave.map(({ dueAt }) => dueAt?.toISOString() ?? null)}::timestamptz[],
    ${jsonbArray(toSave.map(({ state }) => codec.encode(state)))}::jsonb[]
  ) as saved (id, version, loaded_version, source_version, source_event_id, due_at, state)`

function stored<State>(row: Row, codec: Codec): StoredAggregate<State> {
  return {
    version: row.version,
    position: { version: row.source_version, eventId: row.source_event_id ?? undefined },
    state: codec.decode<State>(row.state),
  }
}
