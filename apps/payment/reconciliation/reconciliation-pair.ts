import type { Kysely } from 'kysely'
import { classify, NotPerformed, type OpenTransaction } from '#messaging'
import { describeError } from '#runtime'
import type { Found } from '../gateway/look-ups.ts'
import { type Learned, learn, lockPayment } from '../learn.ts'
import type { PaymentDatabase } from '../tables.ts'
import { type AtGateway, compareAll, type Difference, intentOf, type Ours } from './comparison.ts'
import type { ReconciliationOptions } from './reconciliation-options.ts'
import { holdRun, oursOf, RunLost, type TakenRun } from './reconciliation-store.ts'
import type { Verdict } from './reconciliation-verdict.ts'
import { noteFinding, noteVerdicts, settleFindings } from './reconciliation-verdicts.ts'
import { settleMs } from './reconciliation-window.ts'

export interface Settling extends ReconciliationOptions {
  readonly run: TakenRun
  /** The page stays ours for so long after each pair. */
  readonly forMs: number
}

interface Suspect {
  readonly paymentId: string
  readonly orderId: string
}

/** A look-up that fails so often, while the list is there, is about this intent: the others must not wait for it. */
const lookUpFailuresMax = 3

/**
 * Two that seem to differ. The list may be older than the payment, so the intent is looked up, and what it says is
 * decided as if a webhook had told of it: verdict, finding and what follows are one transaction, and count once.
 * @throws RunLost when the page is somebody else's by now
 */
export async function settlePair(settling: Settling, suspect: Suspect): Promise<Verdict> {
  const { db, log, run } = settling
  const fields = { reconciliationId: run.id, ...suspect }
  const version = (await ours(db, suspect.orderId))?.version
  let found: Found | undefined
  try {
    found = await settling.lookUps.lookUp(suspect.paymentId, { withRefunds: true })
  } catch (error) {
    if (error instanceof NotPerformed || run.failures < lookUpFailuresMax) throw error
    log.warn({ ...fields, err: error }, 'an intent cannot be looked up and is left for the next run')
    return await db.transaction().execute((trx) => leave(settling, trx, suspect))
  }
  const settled = await db
    .transaction()
    .execute((trx) => settle(settling, trx, { ...suspect, found, version }))
    .catch((error: unknown) => {
      if (error instanceof RunLost || classify(error) !== 'content') throw error
      const failed = { ...suspect, found, version, error: describeError(error) }
      return db.transaction().execute((trx) => settle(settling, trx, failed))
    })
  if (settled.verdict === 'repaired') log.warn({ ...fields, ...settled }, 'a payment was behind the gateway')
  if (settled.isNew) log.error({ ...fields, ...settled }, 'we and the gateway differ: somebody has to look')
  return settled.verdict
}

/** Noted at once, so that a page with many of them is not begun again and again. */
async function leave({ run, forMs }: Settling, trx: OpenTransaction, { paymentId }: Suspect): Promise<Verdict> {
  await holdRun(trx, run, forMs)
  await noteVerdicts(trx, run, new Map([[paymentId, 'left_open']]))
  return 'left_open'
}

interface Settled {
  readonly verdict: Verdict
  readonly kind?: Difference
  readonly isNew?: boolean
  readonly said?: Learned['said']
}

interface LookedUp extends Suspect {
  readonly found: Found | undefined
  /** The payment's, before the look-up; undefined where there was none. */
  readonly version: number | undefined
  /** Why it cannot be decided on: it is not tried again. */
  readonly error?: string
}

async function settle(settling: Settling, trx: OpenTransaction, looked: LookedUp): Promise<Settled> {
  const { run, forMs, participant } = settling
  const { paymentId, orderId, found } = looked
  await holdRun(trx, run, forMs)
  const conclude = async (settled: Settled): Promise<Settled> => {
    await noteVerdicts(trx, run, new Map([[paymentId, settled.verdict]]))
    return settled
  }
  await lockPayment(trx, orderId)
  const before = await ours(trx, orderId)
  const known = before && intentOf(before.payment.position)
  // It has moved since, or the list still has an intent that is gone: what was looked up is nothing to go by.
  const isOld = before?.version !== looked.version || (found === undefined && known !== paymentId)
  if (isOld) return await conclude({ verdict: 'left_open' })
  const compared = (side: Ours | undefined) =>
    compareAll(side, found && lineOf(found), new Date(run.now.getTime() - settleMs))
  const kind = compared(before)
  if (kind === 'open') return await conclude({ verdict: 'left_open' })
  if (kind === 'matching') {
    await settleFindings(trx, run, { paymentIds: [paymentId] })
    return await conclude({ verdict: 'matched' })
  }
  // Two intents of one order may be learned in one run: each posts under a cause of its own.
  const cause = { id: `reconciliation ${run.id} ${paymentId}`, traceparent: '' }
  const isTellable = looked.error === undefined && kind !== 'ledger_differs' && found?.orderId === orderId
  const tellable = isTellable ? found : undefined
  const learned = tellable && (await learn({ trx, participant }, tellable, cause))
  const { outcome, said = [] } = learned ?? {}
  const after = outcome === 'applied' ? compared(await ours(trx, orderId)) : kind
  if (after === 'matching' || after === 'open') {
    await settleFindings(trx, run, { paymentIds: [paymentId] })
    return await conclude({ verdict: 'repaired', kind, said })
  }
  const evidence = { ...(before && shown(before)), gateway: found, outcome, said, error: looked.error }
  const isNew = await noteFinding(trx, run, { kind, paymentId, orderId, evidence })
  return await conclude({ verdict: 'reported', kind, isNew, said })
}

const ours = async (db: Kysely<PaymentDatabase> | OpenTransaction, orderId: string) =>
  (await oursOf(db, [orderId])).get(orderId)

/** What of a payment tells where its money is, and what the ledger says. */
function shown({ payment, clearingMinor }: Ours) {
  const { status, condition, amountMinor, currency, position, operation, review, reviewsBehind, refunds } = payment
  return {
    payment: { status, condition, amountMinor, currency, position, operation, review, reviewsBehind, refunds },
    ledger: { clearingMinor },
  }
}

function lineOf({ paymentId, orderId, status, fact, refunds }: Found): AtGateway {
  const returned = refunds.map((refund) => (refund.type === 'RefundSucceeded' ? refund.amountMinor : 0n))
  return { paymentId, orderId, status, fact, returnedMinor: returned.reduce((sum, amount) => sum + amount, 0n) }
}
