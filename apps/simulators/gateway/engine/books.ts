import { createShelf, type Shelf } from './shelf.ts'
import { chargeOf, type Entry, type Intent, type Refund } from './state.ts'

/** What the record adds up to, in memory. */
export interface Books {
  readonly intents: Omit<Shelf<Intent>, 'put'>
  readonly refunds: Omit<Shelf<Refund>, 'put'>
  /** Oldest first. */
  refundsOf(intentId: string): readonly Refund[]
  /** By `metadata.orderId`; an intent without it stands alone under its own id. In order of the first intent. */
  readonly orders: Omit<Shelf<readonly string[]>, 'put'>
  apply(entry: Entry): void
}

export function createBooks(): Books {
  const intents = createShelf<Intent>()
  const refunds = createShelf<Refund>()
  const refundIds = new Map<string, string[]>()
  const orders = createShelf<string[]>()

  return {
    intents,
    refunds,
    orders,
    refundsOf: (intentId) => (refundIds.get(intentId) ?? []).flatMap((id) => refunds.get(id) ?? []),
    apply({ did, intent, refund }) {
      if (did === 'refused' || intent === undefined) return
      const known = intents.get(intent.id)
      if (known === undefined) {
        const orderId = intent.metadata['orderId'] ?? intent.id
        orders.put(orderId, [...(orders.get(orderId) ?? []), intent.id])
      } else {
        assertSound(known, intent)
      }
      intents.put(intent.id, intent)
      if (refund === undefined) return
      if (refunds.get(refund.id) === undefined) {
        refundIds.set(intent.id, [...(refundIds.get(intent.id) ?? []), refund.id])
      }
      refunds.put(refund.id, refund)
    },
  }
}

/** What a witness must never have seen, whatever it was asked to do. */
function assertSound(before: Intent, after: Intent): void {
  const [was, is] = [chargeOf(before), chargeOf(after)]
  if (was !== undefined && is?.id !== was.id) throw new Error(`${after.id} was charged twice`)
  if (is !== undefined && (is.captured > is.authorised || is.refunded > is.captured || is.refunded < 0)) {
    throw new Error(`${after.id} gave or took more than there was`)
  }
}
