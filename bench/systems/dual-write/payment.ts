import { randomUUIDv7 } from 'node:crypto'
import { readBaselineConfig } from './config.ts'
import type { Database } from './database.ts'
import { type Listener, on, orderTopic } from './events.ts'
import type { Say } from './kafka.ts'
import { noRoutes, run } from './participant.ts'

/** A hold of a card stands for a week with most cards. */
const holdMs = 7 * 24 * 60 * 60 * 1_000

const insert = {
  name: 'insert',
  text: `insert into payments (id, order_id, merchant_id, status, currency, amount_minor, captured_minor)
         values ($1, $2, $3, $4, $5, $6, $7)`,
}
const capture = {
  name: 'capture',
  text: `update payments set status = 'captured', captured_minor = $2, updated_at = now() where order_id = $1`,
}

await run(readBaselineConfig(), {
  name: 'payment',
  listensTo: orderTopic,
  assemble: ({ database, say, charge }) => ({
    app: noRoutes(),
    listeners: charge === 'at-once' ? atOnce(database, say) : holdThenCapture(database, say),
  }),
})

/** Every card is good: there is no gateway, and no call of one. */
function holdThenCapture(database: Database, say: Say): readonly Listener[] {
  return [
    on('OrderPlaced', async ({ orderId, merchantId, totalMinor: amountMinor, currency }) => {
      const paymentId = randomUUIDv7()
      const expiresAt = new Date(Date.now() + holdMs).toISOString()
      await database.run(insert, [paymentId, orderId, merchantId, 'authorised', currency, amountMinor, 0])
      await say('PaymentAuthorized', { orderId, merchantId, paymentId, amountMinor, currency, expiresAt })
    }),
    on('OrderConfirmed', async ({ orderId, merchantId, totalMinor: capturedMinor }) => {
      await database.run(capture, [orderId, capturedMinor])
      await say('PaymentCaptured', { orderId, merchantId, capturedMinor, refundedMinor: 0 })
    }),
  ]
}

function atOnce(database: Database, say: Say): readonly Listener[] {
  return [
    on('OrderPlaced', async ({ orderId, merchantId, totalMinor: capturedMinor, currency }) => {
      const values = [randomUUIDv7(), orderId, merchantId, 'captured', currency, capturedMinor, capturedMinor]
      await database.run(insert, values)
      await say('PaymentCaptured', { orderId, merchantId, capturedMinor, refundedMinor: 0 })
    }),
  ]
}
