import { randomUUIDv7 } from 'node:crypto'
import { Hono } from 'hono'
import { z } from 'zod'
import { readBaselineConfig } from './config.ts'
import type { Database } from './database.ts'
import { on, type Payload, paymentTopic } from './events.ts'
import type { Say } from './kafka.ts'
import { run } from './participant.ts'

/** Keys are accepted and not looked at: every order is this merchant's. */
const merchantId = '0190a000-0000-7000-8000-000000000001'
const payWithinMs = 15 * 60_000

const placeOrder = z.object({
  customer: z.object({ email: z.email().max(254), name: z.string().min(1).max(200).optional() }),
  currency: z.string().length(3),
  items: z
    .array(
      z.object({
        sku: z.string().min(1).max(100),
        name: z.string().min(1).max(200).optional(),
        quantity: z.int().min(1).max(1_000_000),
        unitPriceMinor: z.int().nonnegative(),
      }),
    )
    .min(1)
    .max(100),
  paymentMethod: z.string().min(1).max(255),
})

const place = {
  name: 'place',
  text: `insert into orders (id, merchant_id, status, currency, total_minor, items, customer, payment_method, pay_by)
         values ($1, $2, 'pending', $3, $4, $5, $6, $7, $8)`,
}
const confirm = { name: 'confirm', text: `update orders set status = 'confirmed', updated_at = now() where id = $1` }
const pay = {
  name: 'pay',
  text: `update orders set status = 'paid', captured_minor = $2, updated_at = now() where id = $1`,
}

await run(readBaselineConfig(), {
  name: 'order',
  listensTo: paymentTopic,
  assemble: ({ database, say }) => ({
    app: orderRoutes(database, say),
    listeners: [
      on('PaymentAuthorized', async ({ orderId, amountMinor }) => {
        await database.run(confirm, [orderId])
        await say('OrderConfirmed', { orderId, merchantId, totalMinor: amountMinor })
      }),
      on('PaymentCaptured', async ({ orderId, capturedMinor }) => {
        await database.run(pay, [orderId, capturedMinor])
        await say('OrderPaid', { orderId, merchantId, capturedMinor })
      }),
    ],
  }),
})

function orderRoutes(database: Database, say: Say): Hono {
  const app = new Hono()
  app.post('/orders', async (c) => {
    const wanted = placeOrder.safeParse(await c.req.json())
    if (!wanted.success) return c.json({ title: 'The order is not valid', errors: wanted.error.issues }, 422)
    const order = placed(wanted.data)
    const { orderId, currency, totalMinor, items, customer, paymentMethod, payBy } = order
    const itemsText = JSON.stringify(items)
    const customerText = JSON.stringify(customer)
    const values = [orderId, merchantId, currency, totalMinor, itemsText, customerText, paymentMethod, payBy]
    await database.run(place, values)
    // The second write. Whoever dies between the two leaves an order that nobody hears of.
    await say('OrderPlaced', order)
    return c.json({ id: orderId, status: 'pending', currency, totalMinor, items, customer, payBy }, 202)
  })
  return app
}

function placed({ currency, items, customer, paymentMethod }: z.output<typeof placeOrder>): Payload<'OrderPlaced'> {
  const totalMinor = items.reduce((sumMinor, { quantity, unitPriceMinor }) => sumMinor + quantity * unitPriceMinor, 0)
  const payBy = new Date(Date.now() + payWithinMs).toISOString()
  return { orderId: randomUUIDv7(), merchantId, currency, totalMinor, items, customer, paymentMethod, payBy }
}
