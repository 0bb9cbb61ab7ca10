import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { limitMs } from '../../support/limits.ts'
import { anOrder, openShop } from '../../support/system/shop.ts'

const shop = openShop()
const within = { timeout: limitMs(20_000), interval: 10 }

describe('change data capture outruns visibility', () => {
  const admin = new pg.Client({ connectionString: shop.stack.endpoints.adminUrl })
  beforeAll(async () => {
    await admin.connect()
    // No commit waits for a stand-by, except that of the order which asks for it by its mark.
    await set('synchronous_commit', 'local')
    await admin.query(`create function order_service.wait_for_stand_by() returns trigger language plpgsql as $$
      begin perform set_config('synchronous_commit', 'on', true); return new; end $$`)
    await admin.query(`create trigger wait_for_stand_by before insert on order_service.orders for each row
      when (new.state->'metadata'->>'mark' = 'invisible') execute function order_service.wait_for_stand_by()`)
  })
  afterAll(async () => {
    await letCommitsBeSeen()
    await admin.query('drop function order_service.wait_for_stand_by cascade')
    await reset('synchronous_commit')
    await admin.end()
  })

  const set = async (name: string, value: string) => {
    await admin.query(`alter system set ${name} = '${value}'`)
    await admin.query('select pg_reload_conf()')
    await vi.waitFor(async () => {
      expect((await admin.query(`show ${name}`)).rows).toEqual([{ [name]: value }])
    }, within)
  }
  const reset = async (name: string) => {
    await admin.query(`alter system reset ${name}`)
    await admin.query('select pg_reload_conf()')
  }
  const letCommitsBeSeen = () => reset('synchronous_standby_names')
  const waiting = async () =>
    (await admin.query(`select 1 from pg_stat_activity where wait_event = 'SyncRep'`)).rowCount
  const orderLog = () => readFile(join(shop.stack.directory, 'logs', 'order.log'), 'utf8')

  it('an order whose commit is held invisible is handled once it is visible', async () => {
    const before = (await orderLog()).length
    // A stand-by that never comes: the commit is flushed, and so is shipped by Debezium, but no session sees it.
    await set('synchronous_standby_names', 'nobody')
    // It is the checkpointer that tells all sessions of it, when it comes to that: before it makes the next one.
    await admin.query('checkpoint')
    let answered = false
    const placing = shop.place({ ...anOrder, metadata: { mark: 'invisible' } }).finally(() => {
      answered = true
    })
    await expect.poll(waiting, within).toBe(1)
    // The answer of payment arrives before the order that it speaks of can be seen.
    await expect.poll(async () => (await orderLog()).slice(before), within).toContain('"because":"not-yet"')
    expect(answered).toBe(false)
    await letCommitsBeSeen()
    const { id } = await placing
    await expect.poll(async () => (await shop.get(id)).status, within).toBe('paid')
    expect((await orderLog()).slice(before)).not.toContain('stopped the partition')
  })
})
