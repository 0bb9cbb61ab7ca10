import type { EffectsOf } from '../context.ts'
import type { Blockage, Verdict } from '../decide/fold.ts'
import { backoffMs } from '../lib/backoff.ts'
import { asError, classify, reasonOf, whatFailed } from '../lib/failures.ts'
import { pause } from '../lib/pause.ts'
import { type Arrival, arrivalOf } from '../message/arrival.ts'
import { endSpan, outcomeOf, registeredTracer, tellVerdict } from '../observability/observer.ts'
import { announce } from '../outbox/announcements.ts'
import { decideInTransaction } from '../transaction/decide-in-transaction.ts'
import type { Vocabulary } from '../types/vocabulary.ts'
import {
  claimParkedKeys,
  countAttempt,
  firstVersion,
  goOn,
  lockFirst,
  type ParkedMessage,
  release,
  removeMessages,
} from './parked-rows.ts'
import type { ParkingCause } from './parking.ts'

export interface Redriver {
  /** Something was parked: it is looked for at once. */
  readonly wake: () => void
  /** Resolves after the signal. */
  readonly ended: Promise<void>
}

const pollMs = 1_000
const infrastructureDelayMs = 1_000
/** Of one key and claim: the claim is a lease, and a long queue is gone through in several. */
const stepsMax = 100
/** A row that is not visible for so long is lost. */
const missingAfterMs = 60_000
/** With their delays two minutes or so: time for a flag to be set, not for a deploy. */
const attemptsMax = 8

const delaysMs: Readonly<Record<Blockage, { readonly firstMs: number; readonly maxMs: number }>> = {
  content: { firstMs: 1_000, maxMs: 120_000 },
  undecodable: { firstMs: 1_000, maxMs: 120_000 },
  gap: { firstMs: 500, maxMs: 10_000 },
  'not-yet': { firstMs: 50, maxMs: 2_000 },
}

/** Tries parked keys again when their time has come, until the signal. Many processes share the work. */
export function startRedriver<V extends Vocabulary>(options: EffectsOf<V>, signal: AbortSignal): Redriver {
  let woken = new AbortController()
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      woken = new AbortController()
      const waitMs = await redriveOnce(options, signal).catch((error: unknown) => {
        options.log.warn({ err: error }, 'parked messages could not be tried again')
        options.troubles.note('parked messages', error)
        return pollMs
      })
      if (waitMs > 0) await pause(Math.min(waitMs, pollMs), AbortSignal.any([signal, woken.signal]))
    }
  }
  return { wake: () => woken.abort('woken'), ended: run() }
}

/** One round. @returns in how many milliseconds the next key is due; 0: at once */
export async function redriveOnce<V extends Vocabulary>(
  options: EffectsOf<V>,
  signal: AbortSignal = new AbortController().signal,
): Promise<number> {
  const { keys, nextDueMs } = await claimParkedKeys(options.db)
  let failure: Error | undefined
  for (const key of keys) {
    try {
      await redriveKey(options, key, signal)
    } catch (error) {
      failure = asError(error)
      // Its surroundings are its own, such as somebody who holds its row: the others are not to wait for it.
      await release(options.db, key, infrastructureDelayMs)
    }
  }
  if (failure !== undefined) throw failure
  options.troubles.clear('parked messages')
  return keys.length > 0 ? 0 : nextDueMs
}

/** By version, each message in a transaction of its own, until one is not handled. */
async function redriveKey<V extends Vocabulary>(
  options: EffectsOf<V>,
  key: string,
  signal: AbortSignal,
): Promise<void> {
  for (let step = 0; step < stepsMax && !signal.aborted; step += 1) {
    try {
      if (!(await redriveFirst(options, key))) return
    } catch (error) {
      const failure = classify(error)
      if (failure === 'infrastructure') throw error
      if (failure === 'content') {
        const version = await firstVersion(options.db, key)
        return await countFailure(options, { key, version, because: 'content', error: whatFailed(error) })
      }
    }
  }
  await release(options.db, key, 0)
}

/** @returns whether there may be more to handle */
async function redriveFirst<V extends Vocabulary>(options: EffectsOf<V>, key: string): Promise<boolean> {
  const { participant } = options
  let parked: ParkedMessage | undefined
  let item: Arrival<V> | undefined
  const deciding = decideInTransaction(options, {
    prepare: async (trx) => ({
      keys: [key],
      items: async () => {
        parked = await lockFirst(trx, key)
        if (parked === undefined) return []
        item = arrivalOf(participant, parked.message, registeredTracer())
        return [item]
      },
    }),
    conclude: async (trx, resolved) => {
      const [verdict] = resolved.verdicts
      if (parked !== undefined && verdict?.is === 'blocked') return
      if (parked !== undefined) await removeMessages(trx, key, parked.version)
      const redriven = await goOn(trx, key)
      if (redriven === undefined) return
      const who = redriven.by ?? participant.name
      await announce(trx, participant.name, [{ type: 'MessageRedriven', subject: key, cause: redriven.cause, who }])
    },
  })
  const { verdicts } = await deciding.catch((error: unknown) => {
    endSpan(item?.span, { outcome: 'interrupted', failed: true })
    throw error
  })
  const [verdict] = verdicts
  if (item === undefined || verdict === undefined) return false
  return await conclude(options, item, verdict)
}

async function conclude<V extends Vocabulary>(
  options: EffectsOf<V>,
  item: Arrival<V>,
  verdict: Verdict<V>,
): Promise<boolean> {
  endSpan(item.span, { outcome: outcomeOf(verdict), failed: verdict.is === 'blocked' })
  if (verdict.is !== 'blocked') {
    tellVerdict(options, item, verdict)
    return true
  }
  const { key, position } = item
  await countFailure(options, { key, version: position?.version ?? 0, because: verdict.because, error: verdict.detail })
  return false
}

interface Failed {
  readonly key: string
  readonly version: number
  readonly because: Blockage
  readonly error: string
}

/** The next attempt comes later, or never: then it is dead, says so, and waits for an operator. */
async function countFailure<V extends Vocabulary>(
  { db, participant, log }: EffectsOf<V>,
  { key, version, because, error }: Failed,
): Promise<void> {
  const { name } = participant
  try {
    await db.transaction().execute(async (trx) => {
      const died = await countAttempt(trx, {
        key,
        version,
        because,
        error,
        next: (parked) => nextAttempt(because, parked),
      })
      if (died === undefined) return
      await announce(trx, name, [{ type: 'MessageDead', subject: key, cause: died, who: name }])
      log.error(
        { orderId: key, because: died, detail: error },
        'dead: it is not tried again until somebody redrives it',
      )
    })
  } catch (failure) {
    // The lease of the claim ends by itself.
    log.warn({ orderId: key, reason: reasonOf(failure) }, 'an attempt could not be counted')
  }
}

/** @returns the cause by now, and how long to wait; undefined: dead */
export function nextAttempt(
  because: Blockage,
  { attempts, ageMs }: { readonly attempts: number; readonly ageMs: number },
): { readonly cause: ParkingCause; readonly delayMs: number | undefined } {
  const delayMs = backoffMs(attempts, delaysMs[because])
  if (because === 'not-yet') {
    return ageMs > missingAfterMs ? { cause: 'aggregate-missing', delayMs: undefined } : { cause: because, delayMs }
  }
  // What is missing may still be shipped: a gap is tried for ever, and is an alarm from the first moment.
  if (because === 'gap') return { cause: because, delayMs }
  return { cause: because, delayMs: attempts >= attemptsMax ? undefined : delayMs }
}
