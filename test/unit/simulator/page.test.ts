import { hash } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { faultOf, requestPresets, webhookPresets } from '../../../apps/simulators/gateway/console/fault-form.ts'
import { payment, startSimulator } from './in-process.ts'

let simulator: Awaited<ReturnType<typeof startSimulator>>
beforeEach(async () => {
  simulator = await startSimulator({ refundSettleMs: 60_000 })
})
afterEach(() => simulator[Symbol.asyncDispose]())

/** The page as a reader gets it: without its markup. */
async function read(query = ''): Promise<string> {
  const response = await fetch(`${simulator.url}/simulator${query}`)
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8'])
  const text = await response.text()
  return text
    .replace(/^[^]*<main>/, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')
}

const send = (fields: Record<string, string>, { path = '/simulator/faults', origin = simulator.url } = {}) =>
  fetch(`${simulator.url}${path}`, {
    method: 'POST',
    headers: { origin },
    body: new URLSearchParams(fields),
    redirect: 'manual',
  })

test('says that nothing has happened yet', async () => {
  expect(await read()).toMatch(/No card has been charged yet.*None: it behaves.*No order yet.*None yet.*is not set/)
})

test('shows what really happened to the money of each order', async () => {
  const { stripe } = simulator
  const paid = async (orderId: string, more = {}) => {
    const { id } = await stripe.paymentIntents.create(payment(orderId, { capture_method: 'automatic', ...more }))
    return id
  }
  const once = await paid('o-once')
  await stripe.refunds.create({ payment_intent: once, amount: 200 })
  await paid('o-twice')
  await paid('o-twice')
  const late = await paid('o-late', { currency: 'jpy', payment_method: 'pm_card_pendingRefund' })
  await stripe.refunds.create({ payment_intent: late })

  const all = await read()
  expect(all).toContain('intents 3 held 36.00 EUR captured 36.00 EUR refunded 2.00 EUR net 34.00 EUR')
  expect(all).toMatch(/o-once succeeded pi_\w+ 12.00 EUR once 12.00 EUR once 2.00 EUR once 10.00 EUR/)
  expect(all).toMatch(/o-twice .* 24.00 EUR 2 times 24.00 EUR 2 times – 24.00 EUR/)
  expect(all).toContain(`${late} 1200 JPY pending, succeeds later`)
  expect(await read('?orderId=o-once')).not.toContain('o-twice')
  expect(await read('?orderId=o-none')).toContain('Nobody has asked for anything for o-none')
})

test('runs nothing that somebody has put into it', async () => {
  await simulator.stripe.paymentIntents.create(payment('<script>alert(1)</script>'))
  const response = await fetch(`${simulator.url}/simulator?orderId="><b>`)
  const text = (await response.text()) + (await (await fetch(`${simulator.url}/simulator`)).text())
  expect(text).toContain('&lt;script&gt;')
  expect(text).not.toMatch(/<script|<b>|\son\w+=|style=|src=/)
  const policy = response.headers.get('content-security-policy') ?? ''
  const style = /<style>([^]*?)<\/style>/.exec(text)?.[1] ?? ''
  expect(policy).toContain(`style-src 'sha256-${hash('sha256', style, 'base64')}'`)
  expect(policy).toMatch(/^default-src 'none'; (?!.*unsafe)/)
})

test('sets a fault, shows how often it has struck, and behaves again', async () => {
  const sent = await send({
    what: '500-after',
    operation: 'capture',
    event: '',
    orderId: ' o1 ',
    percent: '',
    times: '2',
  })
  expect([sent.status, sent.headers.get('location')]).toEqual([303, '/simulator'])
  const { id } = await simulator.stripe.paymentIntents.create(payment('o1'))
  await expect(simulator.stripe.paymentIntents.capture(id)).rejects.toThrow('Something went wrong')
  expect(await read()).toMatch(/status.*500.*capture, of order o1 2 times at most 1 Behave/)
  expect((await send({}, { path: '/simulator/faults/clear' })).status).toBe(303)
  expect(await read()).toContain('None: it behaves.')
})

test('says what is wrong with a form, and sets nothing', async () => {
  const response = await send({ what: 'slow', event: 'refund.failed' })
  expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('role="alert"')])
  expect(simulator.faults.list()).toEqual([])
})

test('takes no form from another site', async () => {
  const response = await send({ what: 'slow' }, { origin: 'http://evil.example' })
  expect(response.ok).toBe(false)
  expect(simulator.faults.list()).toEqual([])
})

test.each([...requestPresets, ...webhookPresets])('$name is a fault that can be chosen', ({ name, do: deed }) => {
  expect(faultOf(new URLSearchParams({ what: name, percent: '5' }))).toMatchObject({ do: deed, rate: 0.05 })
})
