import { backoffMs, NotPerformed } from '#messaging'
import { catalogue, describeError } from '#runtime'
import { decidingMs, isOrderId, learningDelays } from '../learn.ts'
import { type Worker, worker } from '../worker.ts'
import { type Comparison, compareAll } from './comparison.ts'
import type { ReconciliationOptions } from './reconciliation-options.ts'
import { settlePair } from './reconciliation-pair.ts'
import {
  beginRun,
  bySchedule,
  type EndOfPage,
  endPage,
  holdRun,
  isRunDue,
  oursOf,
  putOff,
  RunLost,
  type TakenRun,
  takeRun,
  unseenPayments,
} from './reconciliation-store.ts'
import type { Verdict } from './reconciliation-verdict.ts'
import { noteVerdicts, settleFindings, verdictsOf } from './reconciliation-verdicts.ts'
import { settleMs, windowOf } from './reconciliation-window.ts'

/** What others began, or left behind, is found at this interval. */
const pollMs = 5_000
/** Payments of ours that are gone through at a time. */
const paymentsMax = 500
/** A quarter of an hour, more or less. After that the run has failed, and the next one begins from the start. */
const failuresMax = 12

/**
 * Compares our payments with the gateway's list, again and again. Replicas share the work: each page is somebody's, and
 * one that was left in the middle is taken up by the others.
 * @param everyMs from the beginning of one to the next; 0: only when asked for
 */
export function reconciliationRunner(options: ReconciliationOptions, everyMs: number): Worker {
  const { db, log } = options
  const upSince = new Date()
  return worker({
    once: async (signal) => {
      if (everyMs > 0 && (await isRunDue(db, { everyMs, upSince }))) {
        await beginRun(db, { by: bySchedule, ...windowOf({}, new Date()) })
      }
      return await reconcileOnce(options, signal)
    },
    pollMs,
    onFailure: (err) => log.warn({ err }, 'reconciliation could not go on, trying again'),
  })
}

/** One page of the run at hand. @returns whether there may be another right away */
export async function reconcileOnce(
  options: ReconciliationOptions,
  signal: AbortSignal = new AbortController().signal,
): Promise<boolean> {
  const { db, log } = options
  const forMs = 2 * options.lookUpMs + decidingMs
  const run = await takeRun(db, forMs)
  if (run === undefined) return false
  const comparing: Comparing = { ...options, run, forMs, signal }
  try {
    await (run.stage === 'intents' ? compareIntents(comparing) : comparePayments(comparing))
    return true
  } catch (error) {
    if (error instanceof RunLost) return false
    const stopped = error instanceof Stopping
    const isFinal = !stopped && run.failures + 1 >= failuresMax
    const delayMs = stopped ? 0 : backoffMs(run.failures, learningDelays)
    if (!stopped) {
      const level = isFinal ? 'error' : error instanceof NotPerformed ? 'info' : 'warn'
      log[level]({ reconciliationId: run.id, cursor: run.cursor, err: error, isFinal }, 'a page could not be compared')
    }
    await putOff(db, run, { delayMs, error: stopped ? null : describeError(error), isFinal })
    return false
  }
}

class Stopping extends Error {
  override readonly name = 'Stopping'
}

interface Comparing extends ReconciliationOptions {
  readonly run: TakenRun
  readonly forMs: number
  readonly signal: AbortSignal
}

/** An intent and its order, as far as they can be compared by what is at hand. */
interface Pair {
  readonly paymentId: string
  readonly orderId: string | undefined
  readonly comparison: Comparison | 'not_ours'
}

async function compareIntents(comparing: Comparing): Promise<void> {
  const { db, list, run } = comparing
  const { since, until, cursor: after, now } = run
  const { intents, hasMore } = await list.page({ since, until, after })
  const settledBefore = new Date(now.getTime() - settleMs)
  const ours = await oursOf(
    db,
    intents.flatMap(({ orderId }) => (orderId !== undefined && isOrderId(orderId) ? [orderId] : [])),
  )
  const pairs = intents.map((intent): Pair => {
    const { paymentId, orderId } = intent
    if (orderId === undefined || !isOrderId(orderId)) return { paymentId, orderId, comparison: 'not_ours' }
    return { paymentId, orderId, comparison: compareAll(ours.get(orderId), intent, settledBefore) }
  })
  const last = hasMore ? intents.at(-1)?.paymentId : undefined
  const then =
    last === undefined ? ({ stage: 'payments', cursor: null } as const) : ({ stage: 'intents', cursor: last } as const)
  await comparePage(comparing, pairs, { ...then, isLast: false, intentsSeen: intents.length })
}

/** Whatever the list had is compared. What is left of ours is looked up once more before anybody is told. */
async function comparePayments(comparing: Comparing): Promise<void> {
  const { unseen, last } = await unseenPayments(comparing.db, comparing.run, paymentsMax)
  const pairs = unseen.map((pair): Pair => ({ ...pair, comparison: 'extra_here' }))
  const isLast = last === undefined
  await comparePage(comparing, pairs, { stage: 'payments', cursor: last ?? null, isLast, intentsSeen: 0 })
}

type Next = Omit<EndOfPage, 'counts'>

async function comparePage(comparing: Comparing, pairs: readonly Pair[], next: Next): Promise<void> {
  const { db, log, run, forMs, signal } = comparing
  const ids = pairs.map(({ paymentId }) => paymentId)
  const verdicts = new Map(await verdictsOf(db, run, ids))
  for (const { paymentId, orderId, comparison } of pairs) {
    if (verdicts.has(paymentId)) continue
    const plain = plainVerdict(comparison)
    if (plain === undefined && signal.aborted) throw new Stopping('The process is about to end')
    verdicts.set(paymentId, plain ?? (await settlePair(comparing, { paymentId, orderId: orderId ?? '' })))
  }
  const counts = countsOf(verdicts.values())
  await db.transaction().execute(async (trx) => {
    await holdRun(trx, run, forMs)
    await noteVerdicts(trx, run, verdicts)
    await settleFindings(trx, run, { paymentIds: ids.filter((id) => verdicts.get(id) === 'matched') })
    await endPage(trx, run, { ...next, counts })
  })
  tell(comparing, counts)
  if (next.isLast) log.info({ reconciliationId: run.id }, 'our payments were compared with the gateway')
}

/** Where both sides agree, or cannot be compared, nothing has to be looked up. */
function plainVerdict(comparison: Pair['comparison']): Verdict | undefined {
  switch (comparison) {
    case 'matching':
      return 'matched'
    case 'open':
      return 'left_open'
    case 'not_ours':
      return 'not_ours'
    case 'missing_here':
    case 'extra_here':
    case 'amount_differs':
    case 'state_differs':
    case 'ledger_differs':
      return undefined
    default:
      return comparison satisfies never
  }
}

function countsOf(verdicts: Iterable<Verdict>): Record<Verdict, number> {
  const counts = { matched: 0, repaired: 0, reported: 0, left_open: 0, not_ours: 0 }
  for (const verdict of verdicts) counts[verdict] += 1
  return counts
}

function tell({ metrics, log, run }: Comparing, counts: Readonly<Record<Verdict, number>>): void {
  const counter = metrics.counter(catalogue.reconciledPairs)
  for (const [verdict, count] of Object.entries(counts)) counter.inc({ verdict }, count)
  log.debug({ reconciliationId: run.id, stage: run.stage, ...counts }, 'a page was compared')
}
