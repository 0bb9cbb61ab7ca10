import type { OrderBody, RefundBody } from './schemas.ts'
import type { VersionedOrder } from './store.ts'
import type { Refund } from './vocabulary.ts'

/** An order as the merchant sees it. */
export function represent({ order, version }: VersionedOrder): OrderBody {
  return {
    id: order.orderId,
    status: order.status,
    ...(order.status === 'cancelled' ? { reason: order.reason } : {}),
    currency: order.currency,
    totalMinor: order.totalMinor,
    capturedMinor: order.capturedMinor,
    refundedMinor: order.refundedMinor,
    items: order.items,
    customer: order.customer,
    ...(order.metadata === undefined ? {} : { metadata: order.metadata }),
    settled: order.settled,
    onHold: order.onHold,
    refunds: order.refunds.map(representRefund),
    payBy: order.payBy,
    version,
    createdAt: order.createdAt,
    updatedAt: order.updatedAt,
  }
}

export function representRefund({ id, amountMinor, status, reason }: Refund): RefundBody {
  return { id, amountMinor, status, ...(reason === undefined ? {} : { reason }) }
}

/** RFC 9110, 8.8.3: in quotes. The version is the number of events the order has said. */
export function etagOf({ version }: { readonly version: number }): string {
  return `"${version}"`
}
