import { randomUUIDv7 } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type Answer, claimKeys, fingerprintOf } from '../../../apps/order/idempotency.ts'
import { orderPlacing, type Placement } from '../../../apps/order/placing.ts'
import { orderParticipant } from '../../../apps/order/saga.ts'
import type { OrderDatabase } from '../../../apps/order/tables.ts'
import { silentLog } from '../../support/counter/counter.ts'
import { freshDatabase, type TestDatabase } from '../../support/system/database.ts'

const merchantId = '0190A000-0000-7000-8000-000000000001'
const participant = orderParticipant({ payWithinMs: 60_000, captureWithinMs: 60_000 })
let database: TestDatabase
let db: Kysely<OrderDatabase>

beforeAll(async () => {
  database = await freshDatabase(inject('postgresUrl'))
  db = database.open<OrderDatabase>('order_service')
})
afterAll(() => database[Symbol.asyncDispose]())

function wanted(key: string, sku = 'lamp'): Placement {
  const items = [{ sku, quantity: 1, unitPriceMinor: 500n }]
  const orderId = randomUUIDv7()
  return {
    claim: { merchantId, key, fingerprint: fingerprintOf({ method: 'POST', path: '/orders' }, { sku }) },
    input: {
      type: 'PlaceOrder',
      orderId,
      merchantId,
      currency: 'EUR',
      items,
      totalMinor: 500n,
      customer: { email: 'ada@example.com' },
      paymentMethod: 'pm_card_visa',
    },
    cause: { id: orderId, traceparent: '' },
  }
}
/** A claim that another process held for too long is sent again, as clients do. A deadlock is not. */
async function insisting(place: ReturnType<typeof orderPlacing>, placement: Placement): Promise<Answer> {
  for (let left = 40; ; left -= 1) {
    try {
      return await place(placement)
    } catch (error) {
      const heldTooLong =
        error instanceof Error && 'code' in error && ['55P03', 'ETIMEDOUT'].includes(String(error.code))
      if (!heldTooLong || left === 0) throw error
    }
  }
}
async function count(table: string): Promise<number> {
  return Number((await sql<{ n: string }>`select count(*) as n from ${sql.table(table)}`.execute(db)).rows[0]?.n)
}
/** Orders share a transaction when they share its id. */
async function transactionsOf(orderIds: readonly string[]): Promise<number> {
  const { rows } = await sql`select distinct xmin::text from orders where id = any(${orderIds}::uuid[])`.execute(db)
  return rows.length
}

describe('orders that are placed at one time', () => {
  test('share a transaction, and each has its own answer', async () => {
    const place = orderPlacing({ db, participant, log: silentLog })
    const placements = Array.from({ length: 30 }, (_, index) => wanted(`shared-${index}`))
    const answers = await Promise.all(placements.map(place))
    expect(answers.map(({ orderId }) => orderId)).toEqual(placements.map(({ input }) => input.orderId))
    expect(answers.every(({ status, headers }) => status === 202 && headers['etag'] === '"1"')).toBe(true)
    expect(await transactionsOf(answers.map(({ orderId }) => orderId))).toBe(1)
  })

  test('under one key are one order, also within one transaction', async () => {
    const place = orderPlacing({ db, participant, log: silentLog })
    const before = await count('orders')
    const answers = await Promise.all([wanted('same'), wanted('other'), wanted('same')].map(place))
    expect(answers[2]).toEqual({
      ...answers[0],
      headers: { ...answers[0]?.headers, 'idempotent-replayed': 'true' },
    })
    expect(await count('orders')).toBe(before + 2)
  })

  test('and a key that stands for another request is refused alone', async () => {
    const place = orderPlacing({ db, participant, log: silentLog })
    const [first, refused, other] = await Promise.allSettled([
      place(wanted('reused')),
      place(wanted('reused', 'chair')),
      place(wanted('bystander')),
    ])
    expect([first.status, refused.status, other.status]).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(refused).toMatchObject({ reason: { details: { status: 422, code: 'idempotency_key_reused' } } })
  })

  test('and one that cannot be written does not hold up the others, and has claimed nothing', async () => {
    const poisoned = {
      ...participant,
      encode: (event: Parameters<typeof participant.encode>[0]) => {
        if (event.type === 'OrderPlaced' && event.items[0]?.sku === 'poison') throw new TypeError('a bug of ours')
        return participant.encode(event)
      },
    }
    const place = orderPlacing({ db, participant: poisoned, log: silentLog })
    const [good, bad, alsoGood] = await Promise.allSettled([
      place(wanted('beside-1')),
      place(wanted('poisoned', 'poison')),
      place(wanted('beside-2')),
    ])
    expect([good.status, bad.status, alsoGood.status]).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(
      (await orderPlacing({ db, participant, log: silentLog })(wanted('poisoned', 'poison'))).headers,
    ).not.toHaveProperty('idempotent-replayed')
  })

  test('have claimed nothing when their transaction fails for its surroundings', async () => {
    const broken: typeof participant = {
      ...participant,
      encode: () => {
        throw Object.assign(new Error('gone'), { code: '57P01' })
      },
    }
    const failed = await Promise.allSettled(
      ['a', 'b'].map((key) => orderPlacing({ db, participant: broken, log: silentLog })(wanted(`outage-${key}`))),
    )
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    const { headers } = await orderPlacing({ db, participant, log: silentLog })(wanted('outage-a'))
    expect(headers).not.toHaveProperty('idempotent-replayed')
  })

  test('of two processes with the same keys in other orders never deadlock, and are one order a key', async () => {
    const [one, other] = [
      orderPlacing({ db, participant, log: silentLog }),
      orderPlacing({ db, participant, log: silentLog }),
    ]
    const keys = Array.from({ length: 40 }, (_, index) => `ring-${index}`)
    const before = await count('orders')
    const answers = await Promise.all([
      ...keys.map((key) => insisting(one, wanted(key))),
      ...keys.toReversed().map((key) => insisting(other, wanted(key))),
    ])
    expect(answers.filter(({ headers }) => 'idempotent-replayed' in headers)).toHaveLength(40)
    expect(await count('orders')).toBe(before + 40)
  })

  test('do not wait for a stranger whose key hangs in another process', async () => {
    const place = orderPlacing({ db, participant, log: silentLog })
    const holding = Promise.withResolvers<void>()
    const letGo = Promise.withResolvers<void>()
    const hung = db.transaction().execute(async (trx) => {
      await claimKeys(trx, [wanted('hung').claim])
      holding.resolve()
      await letGo.promise
      throw new Error('the other process has gone')
    })
    await holding.promise
    const lockTimeout = { code: '55P03' }
    const hanging = [place(wanted('hung')), place(wanted('hung'))]
    for (const each of hanging) each.catch(() => undefined)
    const others = await Promise.all([place(wanted('stranger-1')), place(wanted('stranger-2'))])
    expect(others.map(({ status }) => status)).toEqual([202, 202])
    for (const each of hanging) await expect(each).rejects.toMatchObject(lockTimeout)
    // Alone in its transaction it waits no longer, and the next one goes on.
    const lone = place(wanted('hung'))
    await expect(lone).rejects.toMatchObject(lockTimeout)
    expect(await place(wanted('stranger-3'))).toMatchObject({ status: 202 })
    letGo.resolve()
    await expect(hung).rejects.toThrow('has gone')
    expect(await place(wanted('hung'))).toMatchObject({ status: 202 })
  })
})
