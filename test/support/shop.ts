import { randomUUID } from 'node:crypto'
import { inject } from 'vitest'
import { z } from 'zod'
import { openTestStack } from './stack.ts'

const order = z.object({
  id: z.string(),
  status: z.string(),
  settled: z.boolean(),
  currency: z.string(),
  totalMinor: z.int(),
  capturedMinor: z.int(),
  refundedMinor: z.int(),
  version: z.int(),
})
export type ShopOrder = z.infer<typeof order>

const tally = z.object({ count: z.int(), amountMinor: z.int() })
const charges = z.object({
  orders: z.array(
    z.object({
      orderId: z.string().nullable(),
      currency: z.string(),
      authorised: tally,
      captured: tally,
      netMinor: z.int(),
    }),
  ),
})
const mails = z.object({ messages: z.array(z.object({ subject: z.string() })) })

export const anOrder = {
  customer: { email: 'ada@example.com', name: 'Ada' },
  currency: 'EUR',
  items: [{ sku: 'book-42', quantity: 2, unitPriceMinor: 1_290 }],
  paymentMethod: 'pm_card_visa',
}

/** The running system as its clients and its independent witnesses see it. */
export function openShop() {
  const ports = inject('servicePorts')
  const { stack, services } = openTestStack(inject('stack'), ports)
  const url = (port: number, path: string) => `http://127.0.0.1:${port}${path}`
  const headers = { authorization: 'Bearer sk_test_paysaga', 'content-type': 'application/json' }
  const getJson = async (address: string): Promise<unknown> => (await fetch(address, { headers })).json()

  const post = (body: unknown, { key = `${randomUUID()}`, path = '/orders' } = {}) =>
    fetch(url(ports.order, path), {
      method: 'POST',
      headers: { ...headers, 'idempotency-key': key },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  const get = async (id: string): Promise<ShopOrder> => order.parse(await getJson(url(ports.order, `/orders/${id}`)))
  return {
    stack,
    services,
    ports,
    stackPorts: inject('stack').ports,
    headers,
    url,
    post,
    get,
    place: async (body: object = anOrder): Promise<ShopOrder> => {
      const response = await post(body)
      if (response.status !== 202) throw new Error(`${response.status}: ${await response.text()}`)
      return order.parse(await response.json())
    },
    /** The simulator's own record. */
    charges: async (orderId: string) =>
      charges.parse(await getJson(url(ports.gateway, `/simulator/charges?orderId=${orderId}`))).orders,
    mails: async (orderId: string) =>
      mails.parse(await getJson(url(ports.mailHttp, `/messages?orderId=${orderId}`))).messages,
    getJson: (port: number, path: string) => getJson(url(port, path)),
  }
}
