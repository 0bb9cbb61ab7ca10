import { randomUUID } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { limitMs } from '../../support/limits.ts'
import { follow } from '../../support/system/follow.ts'
import { anOrder, anOrderOver, openShop } from '../../support/system/shop.ts'

const shop = openShop()
const within = { timeout: limitMs(15_000), interval: 25 }
const greatest = Number.MAX_SAFE_INTEGER

describe.concurrent('an amount', () => {
  it.each([
    ['JPY', 1_234, '1234 JPY', 1_234],
    ['EUR', 1_234, '12.34 EUR', 1_234],
    ['KWD', 1_234, '1.234 KWD', 1_234],
    ['EUR', 1, '0.01 EUR', 1],
    // Stripe counts these as if they had two decimals, and is asked so.
    ['ISK', 1_234, '1234 ISK', 123_400],
    ['JPY', greatest, '9007199254740991 JPY', greatest],
    ['EUR', greatest, '90071992547409.91 EUR', greatest],
    ['KWD', greatest, '9007199254740.991 KWD', greatest],
  ] as const)('in %s of %i is the same everywhere: %s', async (...row) => {
    const [currency, amountMinor, text, atGateway] = row
    const { id } = await shop.place(anOrderOver(amountMinor, { currency }))
    await follow(shop, id, { until: 'paid' })
    const exactly = { currency, totalMinor: amountMinor, capturedMinor: amountMinor }
    expect(await shop.get(id)).toMatchObject(exactly)
    expect(await shop.payment(id)).toMatchObject({ capturedMinor: amountMinor })
    const once = { count: 1, amountMinor: atGateway }
    expect(await shop.charges(id)).toMatchObject([{ authorised: once, captured: once, netMinor: atGateway }])
    await vi.waitFor(async () => expect(await shop.mails(id)).toHaveLength(1), within)
    const [mail] = await shop.mails(id)
    expect(await shop.mailText(mail?.id ?? '')).toContain(`your order over ${text}.`)

    const response = await shop.post({ amountMinor: 1 }, { path: `/orders/${id}/refunds` })
    expect(response.status).toBe(202)
    await vi.waitFor(async () => expect(await shop.get(id)).toMatchObject({ refundedMinor: 1 }), within)
    expect(await shop.charges(id)).toMatchObject([{ netMinor: atGateway - atGateway / amountMinor }])
  })

  it('that the gateway has no number for is declined, never rounded', async () => {
    const { id } = await shop.place(anOrderOver(greatest, { currency: 'ISK' }))
    await follow(shop, id, { until: 'cancelled' })
    expect(await shop.payment(id)).toMatchObject({ status: 'declined', code: 'amount_not_representable' })
    expect(await shop.charges(id)).toEqual([])
  })
})

const problem = z.object({ errors: z.array(z.object({ field: z.string() })) })

describe('an amount that is refused', () => {
  const item = (unitPriceMinor: string, quantity = '1') =>
    JSON.stringify({ ...anOrder, items: ['here'] }).replace(
      '"here"',
      `{"sku":"s","quantity":${quantity},"unitPriceMinor":${unitPriceMinor}}`,
    )
  const unitPrice = 'items[0].unitPriceMinor'

  it.each([
    ['beyond what JSON holds exactly', item('9007199254740992'), unitPrice],
    ['far beyond', item('1e400'), unitPrice],
    ['beyond even bigint columns', item('9223372036854775808'), unitPrice],
    ['a fraction', item('10.5'), unitPrice],
    ['a fraction that a float would lose', item('9007199254740991.5'), unitPrice],
    ['negative', item('-1'), unitPrice],
    ['text', item('"100"'), unitPrice],
    ['nothing', item('null'), unitPrice],
    ['a total beyond it', item('9007199254740991', '2'), 'items'],
    ['a total of nothing', item('0'), 'items'],
    ['an endless quantity', item('1', '1e400'), 'items[0].quantity'],
  ])('%s: by the name of its field', async (_what, body, field) => {
    const key = randomUUID()
    const response = await shop.post(body, { key })
    expect(response.status).toBe(400)
    expect(problem.parse(await response.json()).errors.map((error) => error.field)).toEqual([field])
  })
})
