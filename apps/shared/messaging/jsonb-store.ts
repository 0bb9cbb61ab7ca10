import { type RawBuilder, sql } from 'kysely'
import type { AggregateToSave, Codec, HistoryEntry, Store, StoredAggregate } from './vocabulary.ts'

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
 * jsonb)` and its `<table>_history (id uuid, version int, type text, cause text, change jsonb, …)`. What a service
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
          from ${aggregates} where id = any(${keys}::uuid[]) order by id for update
        ) as locked on true`.execute(trx)
      // The last row's: after all of the waiting.
      const now = rows.at(-1)?.now
      if (now === undefined) throw new Error('The database did not tell the time')
      const found = rows.flatMap((row) => (row.id === null ? [] : [[row.id, stored<State>(row, codec)] as const]))
      return { now, rows: new Map(found) }
    },

    save(toSave) {
      const [existing, created] = [toSave.filter(isLoaded), toSave.filter((saved) => !isLoaded(saved))]
      return [
        ...(existing.length === 0 ? [] : [update(aggregates, columnsOf(existing, codec))]),
        ...(created.length === 0 ? [] : [insert(aggregates, columnsOf(created, codec))]),
      ]
    },

    record(entries) {
      const column = (name: keyof HistoryEntry) => entries.map((entry) => entry[name])
      return sql`
        insert into ${history} (id, version, type, cause, change)
        select * from unnest(${column('key')}::uuid[], ${column('version')}::int[], ${column('type')}::text[],
                             ${column('cause')}::text[], ${column('change')}::jsonb[])`
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

const isLoaded = ({ loadedVersion }: AggregateToSave<unknown>): boolean => loadedVersion !== undefined

const update = (aggregates: Fragment, saved: Fragment) => sql<{ id: string }>`
  update ${aggregates} as stored
  set version = saved.version, source_version = saved.source_version, source_event_id = saved.source_event_id,
      due_at = saved.due_at, state = saved.state
  from ${saved}
  where stored.id = saved.id and stored.version = saved.loaded_version
  returning stored.id`

const insert = (aggregates: Fragment, saved: Fragment) => sql<{ id: string }>`
  insert into ${aggregates} (id, version, source_version, source_event_id, due_at, state)
  select id, version, source_version, source_event_id, due_at, state from ${saved} order by id
  on conflict (id) do nothing
  returning id`

const columnsOf = <State extends object>(toSave: readonly AggregateToSave<State>[], codec: Codec): Fragment => sql`
  unnest(
    ${toSave.map(({ key }) => key)}::uuid[], ${toSave.map(({ version }) => version)}::int[],
    ${toSave.map(({ loadedVersion }) => loadedVersion ?? null)}::int[],
    ${toSave.map(({ position }) => position.version)}::int[],
    ${toSave.map(({ position }) => position.eventId ?? null)}::uuid[],
    ${toSave.map(({ dueAt }) => dueAt?.toISOString() ?? null)}::timestamptz[],
    ${toSave.map(({ state }) => codec.encode(state))}::jsonb[]
  ) as saved (id, version, loaded_version, source_version, source_event_id, due_at, state)`

function stored<State>(row: Row, codec: Codec): StoredAggregate<State> {
  return {
    version: row.version,
    position: { version: row.source_version, eventId: row.source_event_id ?? undefined },
    state: codec.decode<State>(row.state),
  }
}
