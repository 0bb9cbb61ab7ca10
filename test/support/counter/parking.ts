import { sql } from 'kysely'
import { Troubles } from '../../../apps/shared/messaging/observability/troubles.ts'
import { redriveOnce } from '../../../apps/shared/messaging/parking/redriver.ts'
import { counterParticipant, message, silentLog } from './counter.ts'
import type { Counting } from './counting.ts'

interface ParkedKey {
  readonly cause: string
  readonly attempts: number
  readonly is_dead: boolean
}

export const undecodable = (key: string, version: number) => message({ key, version, type: 'Added', payload: '{' })

/** What tests of parking look at and do, in a database of counters. */
export function parkingIn(t: Counting) {
  const admin = t.database.open<unknown>('postgres', 1)
  const options = (participant = counterParticipant()) => ({
    db: t.db,
    participant,
    log: silentLog,
    troubles: new Troubles(),
  })
  const parkedKey = async (key: string) =>
    (
      await sql<ParkedKey>`select cause, attempts, next_attempt_at is null as is_dead from parked_key where key = ${key}`.execute(
        t.db,
      )
    ).rows[0]
  const parkedVersions = async (key: string) =>
    (
      await sql<{ version: number }>`select version from parked_message where key = ${key} order by version`.execute(
        t.db,
      )
    ).rows.map(({ version }) => version)
  const makeDue = async () => void (await sql`update parked_key set next_attempt_at = now()`.execute(t.db))
  /** As if so much time had passed and every attempt in it had failed as well. */
  const redrive = async (participant = counterParticipant(), rounds = 1) => {
    for (let round = 0; round < rounds; round += 1) {
      await sql`update parked_key set next_attempt_at = now() where next_attempt_at is not null`.execute(t.db)
      await redriveOnce(options(participant))
    }
  }
  const announced = async (key: string) =>
    (
      await sql<{ type: string; payload: string }>`
      select type, payload from outbox where aggregateid = ${key} and aggregatetype = 'operations' order by id`.execute(
        t.db,
      )
    ).rows
  /** Sessions that wait for another one's transaction. */
  const waiting = async () =>
    (
      await sql`select from pg_locks join pg_stat_activity using (pid)
               where not granted and locktype in ('transactionid', 'tuple') and datname = current_database()`.execute(
        t.db,
      )
    ).rows
  const nothingParked = async () => {
    await sql`truncate payment_service.parked_key, payment_service.parked_message`.execute(admin)
  }
  const heard = async (key: string) => (await t.counter(key))?.state.heard
  /** A table that refuses what was decided for one name. */
  const refusing = async (name: string) => {
    await sql`alter table payment_service.counters add constraint no_such_name
              check (not state->'heard' ? ${sql.lit(name)}) not valid`.execute(admin)
    return {
      [Symbol.asyncDispose]: async () =>
        void (await sql`alter table payment_service.counters drop constraint if exists no_such_name`.execute(admin)),
    }
  }
  /** A server that is so slow that it cancels whatever writes more than so many rows. */
  const cancelling = async (rowsMax: number) => {
    await sql`create function payment_service.be_slow() returns trigger language plpgsql as $$
              begin
                if (select count(*) from written) > ${sql.lit(rowsMax)} then
                  raise exception 'canceling statement due to statement timeout' using errcode = '57014';
                end if;
                return null;
              end $$`.execute(admin)
    for (const event of ['insert', 'update']) {
      await sql`create trigger ${sql.id(`slow_${event}`)} after ${sql.raw(event)} on payment_service.counters
                referencing new table as written for each statement execute function payment_service.be_slow()`.execute(
        admin,
      )
    }
    return {
      [Symbol.asyncDispose]: async () => void (await sql`drop function payment_service.be_slow cascade`.execute(admin)),
    }
  }
  return {
    cancelling,
    options,
    parkedKey,
    parkedVersions,
    makeDue,
    redrive,
    announced,
    waiting,
    nothingParked,
    heard,
    refusing,
  }
}

/** The same participant after its bug was fixed. */
export function fixed() {
  const participant = counterParticipant()
  return {
    ...participant,
    decide: (...[state, input, now]: Parameters<typeof participant.decide>) => {
      if (input.type !== 'Added' || input.name !== 'bug') return participant.decide(state, input, now)
      const decision = participant.decide(state, { ...input, name: 'fixed' }, now)
      if (decision.is !== 'applied') return decision
      const names = decision.state.heard.map((name) => (name === 'fixed' ? 'bug' : name))
      return { ...decision, state: { ...decision.state, heard: names } }
    },
  }
}
