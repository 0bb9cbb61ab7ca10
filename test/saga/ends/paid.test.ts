import { randomUUID } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { readTopics } from '../../support/kafka/topic-reader.ts'
import { limitMs } from '../../support/limits.ts'
import { anOrder, openShop } from '../../support/system/shop.ts'
import { untilAll } from '../../support/system/until-all.ts'

const shop = openShop()
const within = { timeout: limitMs(30_000), interval: 50 }

describe('orders placed over HTTP', () => {
  it('200 at once are all paid, each charged once by the gateway’s own record', async () => {
    const bodies = Array.from({ length: 200 }, (_, index) => ({
      ...anOrder,
      currency: ['EUR', 'JPY', 'KWD'][index % 3],
      items: [{ sku: `sku-${index}`, quantity: (index % 5) + 1, unitPriceMinor: 100 + index }],
    }))
    const placed = await Promise.all(bodies.map((body) => shop.place(body)))
    const ids = placed.map(({ id }) => id)
    await untilAll(shop, ids, { status: 'paid', timeout: within.timeout })

    for (const { id, totalMinor, currency } of placed) {
      expect(await shop.get(id)).toMatchObject({
        status: 'paid',
        settled: true,
        capturedMinor: totalMinor,
        refundedMinor: 0,
      })
      const once = { count: 1, amountMinor: totalMinor }
      expect(await shop.charges(id)).toMatchObject([
        { orderId: id, currency: currency.toLowerCase(), authorised: once, captured: once },
      ])
    }

    // A plain reader of Kafka sees each saga whole, in order, under one key. What is shipped again counts where it came first.
    const said = async () => {
      const messages = await readTopics(shop.stack.endpoints.brokers, ['order.events', 'payment.events'])
      const first = [...Map.groupBy(messages, ({ id }) => id).values()].flatMap(([message]) => message ?? [])
      const byKey = Map.groupBy(first, ({ topic, key }) => `${topic} ${key}`)
      const path = (place: string) => byKey.get(place)?.map(({ type, version }) => `${version} ${type}`)
      return ids.map((id) => [path(`order.events ${id}`), path(`payment.events ${id}`)])
    }
    const whole = [
      ['1 OrderPlaced', '2 OrderConfirmed', '3 OrderPaid'],
      ['1 PaymentAuthorized', '2 PaymentCaptured'],
    ]
    await expect.poll(said, { ...within, interval: 500 }).toEqual(ids.map(() => whole))
  })

  it('write one e-mail on confirmation', async () => {
    const { id } = await shop.place()
    await expect.poll(async () => (await shop.mails(id)).length, within).toBe(1)
    await expect
      .poll(
        async () => JSON.stringify(await shop.getJson(shop.ports.notification, `/notifications?orderId=${id}`)),
        within,
      )
      .toContain('"sent"')
    expect(await shop.mails(id)).toHaveLength(1)
  })

  it('answer the same key and body with the same order, and place it once', async () => {
    const key = randomUUID()
    // A claim that another transaction holds for too long is answered with 5xx: sent again, as clients do.
    const placed = async () => {
      const answer = await shop.post(anOrder, { key })
      expect(answer.status).toBeLessThan(500)
      return answer
    }
    const answers = await Promise.all(Array.from({ length: 8 }, () => vi.waitFor(placed, within)))
    const bodies = await Promise.all(answers.map((answer) => answer.text()))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
    expect(new Set(bodies).size).toBe(1)
    expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === 'true')).toHaveLength(7)
    const other = await shop.post({ ...anOrder, currency: 'USD' }, { key })
    expect(other.status).toBe(422)
    expect(other.headers.get('content-type')).toContain('application/problem+json')
  })

  it('are refused with the name of the field that is wrong', async () => {
    const refusal = async (body: unknown, headers = {}) => {
      const response = await fetch(shop.url(shop.ports.order, '/orders'), {
        method: 'POST',
        headers: { ...shop.headers, 'idempotency-key': randomUUID(), ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      })
      return { status: response.status, text: await response.text() }
    }
    const item = anOrder.items[0]
    const refusals = [
      [{ ...anOrder, items: [{ ...item, quantity: 1.5 }] }, 'items[0].quantity'],
      [{ ...anOrder, items: [{ ...item, unitPriceMinor: -1 }] }, 'items[0].unitPriceMinor'],
      [{ ...anOrder, currency: 'XXX' }, 'currency'],
      [{ ...anOrder, customer: { email: 'nobody' } }, 'customer.email'],
      [{ ...anOrder, items: [] }, 'items'],
      [{ ...anOrder, colour: 'red' }, 'colour'],
    ] as const
    for (const [body, field] of refusals) {
      const { status, text } = await refusal(body)
      expect([field, status]).toEqual([field, 400])
      expect(text).toContain(field)
    }
    expect((await refusal('{"customer":')).status).toBe(400)
    expect((await refusal(anOrder, { 'idempotency-key': '' })).status).toBe(400)
    expect((await refusal(anOrder, { authorization: 'Bearer nobody' })).status).toBe(401)
  })
})
