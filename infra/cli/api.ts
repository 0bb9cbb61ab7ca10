import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { firstKey } from '../services.ts'
import type { Local } from './local.ts'

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

const requestTimeoutMs = 10_000

/** Places an order over HTTP, as any client would. */
export async function placeOrder(local: Local, body: unknown): Promise<OrderView> {
  return await request(local, '/orders', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify(body),
  })
}

export async function getOrder(local: Local, id: string): Promise<OrderView> {
  return await request(local, `/orders/${id}`, {})
}

const record = z.object({ orders: z.array(z.object({ captured: z.object({ count: z.int() }) })) })

/** How often the card gateway has taken money for an order, by its own record. */
export async function capturesOf({ config }: Local, id: string): Promise<number> {
  const url = `http://127.0.0.1:${config.servicePorts.gateway}/simulator/charges?orderId=${id}`
  const response = await fetch(url, { signal: AbortSignal.timeout(requestTimeoutMs) })
  return record.parse(await response.json()).orders.reduce((sum, { captured }) => sum + captured.count, 0)
}

async function request(
  { config, services }: Local,
  path: string,
  init: { method?: string; headers?: Readonly<Record<string, string>>; body?: string },
): Promise<OrderView> {
  const url = `http://127.0.0.1:${config.servicePorts.order}${path}`
  const headers = { ...init.headers, authorization: `Bearer ${firstKey(services, 'API_KEYS')}` }
  const response = await fetch(url, { ...init, headers, signal: AbortSignal.timeout(requestTimeoutMs) })
  const text = await response.text()
  if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${path} was answered with ${response.status}: ${text}`)
  return order.parse(JSON.parse(text))
}
