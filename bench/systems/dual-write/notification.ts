import { randomUUIDv7 } from 'node:crypto'
import { readBaselineConfig } from './config.ts'
import { on, orderTopic } from './events.ts'
import { noRoutes, run } from './participant.ts'

const insert = {
  name: 'insert',
  text: 'insert into notifications (id, order_id, merchant_id, kind) values ($1, $2, $3, $4)',
}

await run(readBaselineConfig(), {
  name: 'notification',
  listensTo: orderTopic,
  assemble: ({ database, charge }) => {
    const told = charge === 'at-once' ? 'OrderPaid' : 'OrderConfirmed'
    const note = async ({ orderId, merchantId }: { readonly orderId: string; readonly merchantId: string }) => {
      await database.run(insert, [randomUUIDv7(), orderId, merchantId, told])
    }
    return { app: noRoutes(), listeners: [on(told, note)] }
  },
})
