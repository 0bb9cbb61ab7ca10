import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openShop } from '../support/shop.ts'

const shop = openShop()
const within = { timeout: 20_000, interval: 10 }

describe('change data capture outruns visibility', () => {
  const admin = new pg.Client({ connectionString: shop.stack.endpoints.adminUrl })
  beforeAll(async () => {
    await admin.connect()
    await shop.services.stop('payment')
    // The payment service alone does not wait for the stand-by that never comes.
    const url = `${shop.stack.endpoints.databaseUrl('payment_service')}?options=-csynchronous_commit%3Dlocal`
    await shop.services.start('payment', { PAYMENT_DATABASE_URL: url })
  })
  afterAll(async () => {
    await letCommitsBeSeen()
    await admin.end()
    await shop.services.stop('payment')
    await shop.services.start('payment')
  })

  /** Every commit is flushed, and so is shipped by Debezium, but no session sees it. */
  const holdCommitsInvisible = async () => {
    await admin.query(`alter system set synchronous_standby_names = 'nobody'`)
    await admin.query('select pg_reload_conf()')
    await expect
      .poll(async () => (await admin.query('show synchronous_standby_names')).rows, within)
      .toEqual([{ synchronous_standby_names: 'nobody' }])
  }
  const letCommitsBeSeen = async () => {
    await admin.query('alter system reset synchronous_standby_names')
    await admin.query('select pg_reload_conf()')
  }
  const orderLog = () => readFile(join(shop.stack.directory, 'logs', 'order.log'), 'utf8')

  it('an order whose commit is held invisible is handled once it is visible', async () => {
    const before = (await orderLog()).length
    await holdCommitsInvisible()
    let answered = false
    const placing = shop.place().finally(() => {
      answered = true
    })
    // The answer of payment arrives before the order that it speaks of can be seen.
    await expect.poll(async () => (await orderLog()).slice(before), within).toContain('"because":"not-yet"')
    expect(answered).toBe(false)
    await letCommitsBeSeen()
    const { id } = await placing
    await expect.poll(async () => (await shop.get(id)).status, within).toBe('paid')
    expect((await orderLog()).slice(before)).not.toContain('stopped the partition')
  })
})
