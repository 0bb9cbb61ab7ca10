import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { askAsClient, requestTimeoutMs } from '../ask.ts'
import type { Local } from '../stack/local.ts'

const order = z.object({
  id: z.uuid(),
  status: z.string(),
  settled: z.boolean(),
  reason: z.string().optional(),
  currency: z.string(),
  totalMinor: z.int(),
  customer: z.object({ email: z.string(), name: z.string().optional() }),
})
export type OrderView = z.infer<typeof order>

/** Places an order over HTTP, as any client would. */
export async function placeOrder(local: Local, body: unknown): Promise<OrderView> {
  const headers = { 'idempotency-key': randomUUID() }
  return order.parse(await askAsClient(local, { service: 'order', path: '/orders', body, headers }))
}

export async function getOrder(local: Local, id: string): Promise<OrderView> {
  return order.parse(await askAsClient(local, { service: 'order', path: `/orders/${id}` }))
}

const record = z.object({ orders: z.array(z.object({ captured: z.object({ count: z.int() }) })) })

/** How often the card gateway has taken money for an order, by its own record. */
export async function capturesOf({ config }: Local, id: string): Promise<number> {
  const url = `http://127.0.0.1:${config.servicePorts.gateway}/simulator/charges?orderId=${id}`
  const response = await fetch(url, { signal: AbortSignal.timeout(requestTimeoutMs) })
  return record.parse(await response.json()).orders.reduce((sum, { captured }) => sum + captured.count, 0)
}
