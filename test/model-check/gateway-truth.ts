import type { Fact, GatewayAnswer, GatewayCall } from '../../apps/payment/vocabulary.ts'
import { expiresAt } from '../unit/payment/decide/inputs.ts'

/** What is true at the gateway, whoever knows of it. Every value is new: the search goes back to older ones. */
export interface Truth {
  readonly intent: 'none' | 'declined' | 'held' | 'taken' | 'cancelled' | 'expired'
  readonly amountMinor: bigint
  readonly refunds: readonly RefundTruth[]
  /** Captures that moved money. */
  readonly captures: number
  /** What happened there that nobody here asked for. */
  readonly disturbed: readonly string[]
}

interface RefundTruth {
  readonly refundId: string
  readonly amountMinor: bigint
  readonly is: 'succeeded' | 'failed' | 'reversed'
}

/** One of the ways in which a call may go. */
export interface Performed {
  readonly how: string
  readonly truth: Truth
  readonly answer: GatewayAnswer
}

export const untouched: Truth = { intent: 'none', amountMinor: 0n, refunds: [], captures: 0, disturbed: [] }

/** With two there are half a million products, and one search takes a minute. */
const maxDisturbances = 1

const paymentId = 'pi_1'
const currency = 'EUR'
const code = 'card_declined'

export const capturedMinor = ({ intent, amountMinor }: Truth): bigint => (intent === 'taken' ? amountMinor : 0n)
export const refundedMinor = ({ refunds }: Truth): bigint =>
  refunds.reduce((sumMinor, { is, amountMinor }) => (is === 'succeeded' ? sumMinor + amountMinor : sumMinor), 0n)
/** What the customer is out of: held, or taken and not given back. */
export const netMinor = (truth: Truth): bigint =>
  truth.intent === 'held' ? truth.amountMinor : capturedMinor(truth) - refundedMinor(truth)

/** Every way in which the gateway may perform the call now. The same call again is answered with what is true. */
export function performances(truth: Truth, call: GatewayCall): readonly Performed[] {
  switch (call.type) {
    case 'Authorise': {
      if (truth.intent !== 'none') return [{ how: 'again', truth, answer: stateOf(truth) }]
      const held: Truth = { ...truth, intent: 'held', amountMinor: call.amountMinor }
      const declined: Truth = { ...truth, intent: 'declined' }
      return [
        { how: 'held', truth: held, answer: stateOf(held) },
        { how: 'declined', truth: declined, answer: stateOf(declined) },
      ]
    }
    case 'Capture': {
      if (truth.intent !== 'held') return [{ how: 'no hold', truth, answer: stateOf(truth) }]
      const taken: Truth = { ...truth, intent: 'taken', captures: truth.captures + 1 }
      return [
        { how: 'captured', truth: taken, answer: stateOf(taken) },
        { how: 'refused', truth, answer: { type: 'Refused', operation: 'capture', code } },
      ]
    }
    case 'Void': {
      if (truth.intent !== 'held') return [{ how: 'no hold', truth, answer: stateOf(truth) }]
      const cancelled: Truth = { ...truth, intent: 'cancelled' }
      return [
        { how: 'cancelled', truth: cancelled, answer: stateOf(cancelled) },
        { how: 'refused', truth, answer: { type: 'Refused', operation: 'void', code } },
      ]
    }
    case 'Refund':
      return refundPerformances(truth, call)
  }
}

function refundPerformances(truth: Truth, call: Extract<GatewayCall, { type: 'Refund' }>): readonly Performed[] {
  const { refundId, amountMinor } = call
  const known = truth.refunds.find((refund) => refund.refundId === refundId)
  if (known !== undefined) return [{ how: 'again', truth, answer: toldOf(known) }]
  const outcomes = (['succeeded', 'failed'] as const).map((is) => {
    const refund: RefundTruth = { refundId, amountMinor, is }
    return { how: is, truth: { ...truth, refunds: [...truth.refunds, refund] }, answer: toldOf(refund) }
  })
  const fits = amountMinor <= capturedMinor(truth) - refundedMinor(truth)
  return fits ? outcomes : outcomes.filter(({ how }) => how === 'failed')
}

/** What the gateway would say of the intent now. */
function stateOf({ intent, amountMinor }: Truth): Fact {
  switch (intent) {
    case 'none':
    case 'declined':
      return { type: 'Refused', operation: 'authorise', code }
    case 'held':
      return { type: 'Held', paymentId, amountMinor, currency, expiresAt }
    case 'taken':
      return { type: 'Captured', paymentId, amountMinor, currency }
    case 'cancelled':
    case 'expired':
      return { type: 'Gone', paymentId, because: intent }
  }
}

function toldOf({ refundId, amountMinor, is }: RefundTruth): Fact {
  return is === 'succeeded'
    ? { type: 'RefundSucceeded', refundId, amountMinor }
    : { type: 'RefundFailed', refundId, code }
}

/** What can be learned of the gateway without a call: what is true, and of the intent also what once was. */
export function facts(truth: Truth): readonly Fact[] {
  if (truth.intent === 'none') return []
  const now = stateOf(truth)
  const wasHeld = truth.intent !== 'held' && truth.intent !== 'declined'
  return [...(wasHeld ? [stateOf({ ...truth, intent: 'held' })] : []), now, ...truth.refunds.map(toldOf)]
}

/** What others may do at the gateway: the bank, its clock, an employee at its dashboard. */
export function disturbances(truth: Truth): readonly Truth[] {
  const { disturbed } = truth
  if (disturbed.length >= maxDisturbances) return []
  const { amountMinor } = truth
  if (truth.intent === 'held') {
    return [
      { ...truth, intent: 'expired', disturbed: [...disturbed, 'the hold expires'] },
      { ...truth, intent: 'cancelled', disturbed: [...disturbed, 'somebody voids'] },
      { ...truth, intent: 'taken', captures: truth.captures + 1, disturbed: [...disturbed, 'somebody captures'] },
    ]
  }
  if (truth.intent !== 'taken') return []
  const leftMinor = capturedMinor(truth) - refundedMinor(truth)
  const external = [100n, amountMinor].flatMap((partMinor): readonly Truth[] => {
    if (partMinor > leftMinor) return []
    const refund: RefundTruth = { refundId: `x${disturbed.length || ''}`, amountMinor: partMinor, is: 'succeeded' }
    return [
      { ...truth, refunds: [...truth.refunds, refund], disturbed: [...disturbed, `somebody refunds ${partMinor}`] },
    ]
  })
  const reversed = truth.refunds.flatMap(({ is, refundId }, at): readonly Truth[] => {
    if (is !== 'succeeded') return []
    const refunds = truth.refunds.map((refund, index) =>
      index === at ? { ...refund, is: 'reversed' as const } : refund,
    )
    return [{ ...truth, refunds, disturbed: [...disturbed, `the bank reverses ${refundId}`] }]
  })
  return [...external, ...reversed]
}
