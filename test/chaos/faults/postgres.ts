import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { queryRows } from '../../support/system/query.ts'
import type { Struck, World } from '../round.ts'
import { eventually } from './eventually.ts'

/** Killed by SIGKILL in mid-transaction, and started again after each of these times. */
export const postgresKilled =
  (...awayMs: readonly number[]) =>
  async ({ shop, load }: World): Promise<Struck> => {
    const { stack } = shop
    const recoveries = async () =>
      (await stack.lastLines('postgres', 100_000)).filter((line) => /was interrupted|not properly shut down/.test(line))
        .length
    /** A service is at work in one at this moment, or was a moment ago. */
    const inTransaction = async () =>
      (
        await queryRows(
          stack.endpoints.adminUrl,
          `select from pg_stat_activity where usename like '%\\_service' and xact_start is not null`,
        )
      ).length > 0
    let healedAt = 0
    for (const ms of awayMs) {
      const before = await recoveries()
      await eventually(inTransaction)
      await stack.kill('postgres', 'SIGKILL')
      await sleep(ms)
      await stack.start('postgres')
      healedAt = Date.now()
      if ((await recoveries()) === before) throw new Error('PostgreSQL does not know that it was killed')
      await load.onePaid(shop)
    }
    return {
      how: `PostgreSQL killed ${awayMs.length} times, away for ${awayMs.join(', ')} ms, and recovered`,
      healedAt,
    }
  }

const sessions = z.array(z.object({ open: z.boolean() }))

/** Every second all sessions of the services are terminated, whatever they are at. */
export const sessionsTerminated =
  (forMs: number) =>
  async ({ shop: { stack, databases } }: World): Promise<Struck> => {
    let terminated = 0
    let inTransaction = 0
    const until = Date.now() + forMs
    while (Date.now() < until) {
      const rows = sessions.parse(
        await queryRows(
          stack.endpoints.adminUrl,
          `select xact_start is not null as open, pg_terminate_backend(pid) from pg_stat_activity
           where usename like '%\\_service' and datname = any($1)`,
          [[...new Set(Object.values(databases))]],
        ),
      )
      terminated += rows.length
      inTransaction += rows.filter(({ open }) => open).length
      await sleep(1_000)
    }
    if (inTransaction === 0) throw new Error(`none of ${terminated} sessions was in a transaction`)
    return { how: `${terminated} sessions terminated, ${inTransaction} of them in a transaction`, healedAt: Date.now() }
  }
