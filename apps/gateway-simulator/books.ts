import { chargeOf, type Entry, type Intent, type Refund } from './state.ts'

/** What the record adds up to, in memory. */
export interface Books {
  readonly intents: ReadonlyMap<string, Intent>
  readonly refunds: ReadonlyMap<string, Refund>
  /** Oldest first. */
  refundsOf(intentId: string): readonly Refund[]
  /** By `metadata.orderId`; an intent without it stands alone under its own id. In order of the first intent. */
  readonly intentIdsByOrder: ReadonlyMap<string, readonly string[]>
  apply(entry: Entry): void
}

export function createBooks(): Books {
  const intents = new Map<string, Intent>()
  const refunds = new Map<string, Refund>()
  const refundIds = new Map<string, string[]>()
  const intentIdsByOrder = new Map<string, string[]>()

  return {
    intents,
    refunds,
    intentIdsByOrder,
    refundsOf: (intentId) => (refundIds.get(intentId) ?? []).flatMap((id) => refunds.get(id) ?? []),
    apply({ did, intent, refund }) {
      if (did === 'refused' || intent === undefined) return
      const known = intents.get(intent.id)
      if (known === undefined) append(intentIdsByOrder, intent.metadata['orderId'] ?? intent.id, intent.id)
      else assertSound(known, intent)
      intents.set(intent.id, intent)
      if (refund === undefined) return
      refunds.set(refund.id, refund)
      append(refundIds, intent.id, refund.id)
    },
  }
}

function append(lists: Map<string, string[]>, name: string, id: string): void {
  const list = lists.get(name)
  if (list === undefined) lists.set(name, [id])
  else list.push(id)
}

/** What a witness must never have seen, whatever it was asked to do. */
function assertSound(before: Intent, after: Intent): void {
  const [was, is] = [chargeOf(before), chargeOf(after)]
  if (was !== undefined && is?.id !== was.id) throw new Error(`${after.id} was charged twice`)
  if (is !== undefined && (is.captured > is.authorised || is.refunded > is.captured)) {
    throw new Error(`${after.id} gave or took more than there was`)
  }
}
