import { randomUUID } from 'node:crypto'
import { inject } from 'vitest'
import { z } from 'zod'
import type { Fault } from '../../../apps/simulators/gateway/faults/faults.ts'
import type { ServicePorts } from '../../../infra/config.ts'
import type { StackOptions } from '../../../infra/index.ts'
import { limitMs } from '../limits.ts'
import type { Databases } from './layout.ts'
import { openTestStack } from './stack.ts'

const refund = z.object({ id: z.string(), amountMinor: z.int(), status: z.string(), reason: z.string().optional() })
const order = z.object({
  id: z.string(),
  status: z.enum(['pending', 'confirmed', 'paid', 'refunded', 'cancelled']),
  reason: z.string().optional(),
  settled: z.boolean(),
  onHold: z.boolean(),
  currency: z.string(),
  totalMinor: z.int(),
  capturedMinor: z.int(),
  refundedMinor: z.int(),
  refunds: z.array(refund),
  version: z.int(),
})
export type ShopOrder = z.infer<typeof order>

const payment = z.object({
  status: z.string(),
  condition: z.string(),
  code: z.string().optional(),
  capturedMinor: z.int(),
  refundedMinor: z.int(),
})

const tally = z.object({ count: z.int(), amountMinor: z.int() })
export const charges = z.object({
  orderId: z.string().nullable(),
  currency: z.string(),
  authorised: tally,
  captured: tally,
  refunded: tally,
  voided: tally,
  netMinor: z.int(),
  intents: z.array(z.object({ id: z.string(), status: z.string() })),
})
export type Charges = z.infer<typeof charges>

const mail = z.object({ id: z.string(), subject: z.string(), messageId: z.string().nullable() })

export const anOrder = {
  customer: { email: 'ada@example.com', name: 'Ada' },
  currency: 'EUR',
  items: [{ sku: 'book-42', quantity: 2, unitPriceMinor: 1_290 }],
  paymentMethod: 'pm_card_visa',
}

/** An order over exactly so much: faults of the gateway know an order by that, before it has an id. */
export const anOrderOver = (unitPriceMinor: number, more: object = {}) => ({
  ...anOrder,
  items: [{ sku: `over-${unitPriceMinor}`, quantity: 1, unitPriceMinor }],
  ...more,
})

interface Where {
  readonly stack: StackOptions
  readonly ports: ServicePorts
  readonly databases: Databases
}

/** The running system as its clients and its independent witnesses see it. */
export function openShop(
  where: Where = { stack: inject('stack'), ports: inject('servicePorts'), databases: inject('databases') },
) {
  const { ports, databases } = where
  const { stack, services } = openTestStack(where.stack, ports, databases)
  const url = (port: number, path: string) => `http://127.0.0.1:${port}${path}`
  const headers = { authorization: 'Bearer sk_test_paysaga', 'content-type': 'application/json' }
  const getJson = async (address: string): Promise<unknown> => (await fetch(address, { headers })).json()

  const post = (body: unknown, { key = `${randomUUID()}`, path = '/orders', timeoutMs = limitMs(30_000) } = {}) =>
    fetch(url(ports.order, path), {
      method: 'POST',
      headers: { ...headers, 'idempotency-key': key },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    })
  const faults = (init: RequestInit) => fetch(url(ports.gateway, '/simulator/faults'), { headers, ...init })
  return {
    stack,
    services,
    ports,
    databases,
    stackPorts: where.stack.ports,
    headers,
    url,
    post,
    get: async (id: string): Promise<ShopOrder> => order.parse(await getJson(url(ports.order, `/orders/${id}`))),
    place: async (body: object = anOrder): Promise<ShopOrder> => {
      const response = await post(body)
      if (response.status !== 202) throw new Error(`${response.status}: ${await response.text()}`)
      return order.parse(await response.json())
    },
    /** Without an Idempotency-Key, as the API allows. */
    cancel: async (id: string) => {
      const path = `/orders/${id}/cancel`
      const response = await fetch(url(ports.order, path), {
        method: 'POST',
        headers: { authorization: headers.authorization },
      })
      return { status: response.status, body: await response.text() }
    },
    payment: async (id: string) => payment.parse(await getJson(url(ports.payment, `/payments/${id}`))),
    /** The simulator's own record. Empty where it has never heard of the order. */
    charges: async (orderId: string): Promise<readonly Charges[]> =>
      z
        .object({ orders: z.array(charges) })
        .parse(await getJson(url(ports.gateway, `/simulator/charges?orderId=${orderId}`))).orders,
    /** Newest first. */
    mails: async (orderId: string) =>
      z.object({ messages: z.array(mail) }).parse(await getJson(url(ports.mailHttp, `/messages?orderId=${orderId}`)))
        .messages,
    mailText: async (id: string): Promise<string> =>
      z.object({ text: z.string() }).parse(await getJson(url(ports.mailHttp, `/messages/${id}`))).text,
    /** How the gateway misbehaves from now on. Fails where a fault is none. */
    misbehave: async (list: readonly Fault[]) => {
      const response = await faults({ method: 'PUT', body: JSON.stringify({ faults: list }) })
      if (!response.ok) throw new Error(await response.text())
    },
    /** How often each fault has struck: one that did not proves nothing. */
    struck: async () => {
      const listed = z.object({ faults: z.array(z.object({ struck: z.int() })) }).parse(await (await faults({})).json())
      return listed.faults.map(({ struck }) => struck)
    },
    behave: async () => {
      await faults({ method: 'DELETE' })
    },
    getJson: (port: number, path: string) => getJson(url(port, path)),
  }
}

export type Shop = ReturnType<typeof openShop>
