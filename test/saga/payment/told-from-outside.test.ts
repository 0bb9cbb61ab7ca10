import { randomUUID } from 'node:crypto'
import Stripe from 'stripe'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { firstKey } from '../../../infra/index.ts'
import { limitMs } from '../../support/limits.ts'
import { follow } from '../../support/system/follow.ts'
import { anOrderOver, openShop } from '../../support/system/shop.ts'

const shop = openShop()
const within = { timeout: limitMs(15_000), interval: 20 }
const { GATEWAY_WEBHOOK_SECRETS: secret = '', GATEWAY_API_KEY: gatewayKey = '' } = shop.services.environment

afterAll(() => shop.behave())

/** Somebody at the gateway's dashboard. */
const atDashboard = async (path: string, form: Record<string, string>): Promise<void> => {
  const response = await fetch(shop.url(shop.ports.gateway, `/v1${path}`), {
    method: 'POST',
    headers: { authorization: `Bearer ${gatewayKey}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form),
  })
  if (!response.ok) throw new Error(await response.text())
}

const webhook = async (type: string, object: object, signedWith = secret): Promise<number> => {
  const payload = JSON.stringify({ id: `evt_${randomUUID()}`, type, created: 1_790_000_000, data: { object } })
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret: signedWith })
  const headers = { 'content-type': 'application/json', 'stripe-signature': signature }
  const response = await fetch(shop.url(shop.ports.payment, '/webhooks/gateway'), {
    method: 'POST',
    headers,
    body: payload,
  })
  return response.status
}

const operator = async (path: string, body?: object): Promise<{ readonly status: number; readonly text: string }> => {
  const headers = {
    authorization: `Bearer ${firstKey(shop.services, 'OPS_API_KEYS')}`,
    'content-type': 'application/json',
  }
  const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  const response = await fetch(shop.url(shop.ports.payment, path), { headers, ...sent })
  return { status: response.status, text: await response.text() }
}

describe('what nobody here has called for', () => {
  it('a refund at the dashboard reaches the order by a signed webhook, and by no other', async () => {
    const amount = 1_919
    // All webhooks of the gateway's own are lost: what is known is known by ours. One that told of the payment would do,
    // for it is looked up a second later, with its refunds.
    await shop.misbehave([
      { match: { amount, event: 'refund.created' }, do: { webhook: { lost: true } } },
      { match: { amount }, do: { webhook: { lost: true } } },
    ])
    const { id } = await shop.place(anOrderOver(amount))
    await follow(shop, id, { until: 'paid' })
    const [charges] = await shop.charges(id)
    const intentId = charges?.intents[0]?.id ?? ''
    await atDashboard('/refunds', { payment_intent: intentId, amount: `${amount}` })
    const refund = { object: 'refund', id: 're_1', payment_intent: intentId }
    expect(Math.min(...(await shop.struck()))).toBeGreaterThan(0)
    expect(await webhook('refund.created', refund, 'whsec_of_nobody')).toBe(400)
    expect(await shop.get(id)).toMatchObject({ status: 'paid', refundedMinor: 0 })
    expect(await webhook('refund.created', refund)).toBe(200)
    await follow(shop, id, { until: 'refunded' })
    expect(await shop.get(id)).toMatchObject({ refundedMinor: amount })
  })

  it('a payment whose call is never answered is resolved by an operator, and the order goes on', async () => {
    const amount = 1_717
    await shop.misbehave([{ match: { operation: 'capture', amount }, do: { status: 500, when: 'before' } }])
    const { id } = await shop.place(anOrderOver(amount))
    const listed = async () => (await operator('/ops/payments?condition=unknown')).text.includes(id)
    await vi.waitUntil(listed, within)
    const look = await operator(`/ops/payments/${id}/resolve`, { dryRun: true })
    expect(JSON.parse(look.text)).toMatchObject({ gateway: { is: 'found', status: 'requires_capture' } })
    const truth = { is: 'refused', code: 'call_issuer' }
    const word = { truth, evidence: 'their support, by telephone' }
    // Refused, and not noted, while a call that is tried again is on its way.
    await vi.waitFor(
      async () => expect(await operator(`/ops/payments/${id}/resolve`, word)).toMatchObject({ status: 200 }),
      within,
    )
    await follow(shop, id, { until: 'cancelled' })
    await vi.waitUntil(async () => (await shop.payment(id)).status === 'voided', within)
    expect(await shop.charges(id)).toMatchObject([{ captured: { count: 0 }, voided: { count: 1 }, netMinor: 0 }])
  })
})
