import type { Payment } from '../vocabulary.ts'

/** `held` and `authorised` are memo accounts: nobody's money has moved yet. Nothing posts to `fees` while no gateway tells one. */
export const accounts = ['held', 'authorised', 'gateway_clearing', 'merchant_payable', 'refunds', 'fees'] as const
export type Account = (typeof accounts)[number]
export const memoAccounts: readonly Account[] = ['held', 'authorised']

/** Every kind of movement, and the accounts that it debits and credits. The migration says the same. */
export const kinds = {
  hold_placed: ['held', 'authorised'],
  hold_released: ['authorised', 'held'],
  hold_captured: ['authorised', 'held'],
  capture: ['gateway_clearing', 'merchant_payable'],
  capture_raised: ['gateway_clearing', 'merchant_payable'],
  capture_lowered: ['merchant_payable', 'gateway_clearing'],
  refund: ['refunds', 'gateway_clearing'],
  refund_reversed: ['gateway_clearing', 'refunds'],
} as const satisfies Readonly<Record<string, readonly [debit: Account, credit: Account]>>
export type TransferKind = keyof typeof kinds

/** One amount, debited to one account and credited to another: it balances by its form. */
export interface Transfer {
  readonly orderId: string
  readonly kind: TransferKind
  readonly debit: Account
  readonly credit: Account
  /** More than 0. */
  readonly amountMinor: bigint
  readonly currency: string
  /** What it comes from. An order has one transfer of each kind and cause. */
  readonly cause: string
}

/** What a decision made of a payment, and the id of what was decided. */
export interface Change {
  readonly before: Payment | undefined
  readonly after: Payment
  readonly cause: string
}

/**
 * The transfers that a change of a payment implies: exactly those that bring the books from what it was to what it is,
 * so that whatever sequence of facts comes, late and reversed ones too, the books say what the payment says.
 */
export function transfersOf(change: Change): readonly Transfer[] {
  const { orderId, currency } = change.after
  return [...holds(change), ...captures(change), ...refunds(change)].flatMap((movement): readonly Transfer[] => {
    const [debit, credit] = kinds[movement.kind]
    return movement.amountMinor > 0n ? [{ orderId, debit, credit, currency, ...movement }] : []
  })
}

type Movement = Pick<Transfer, 'kind' | 'amountMinor' | 'cause'> & Partial<Pick<Transfer, 'currency'>>

/** A hold ends as it does for the customer: taken, or let go. */
function holds({ before, after, cause }: Change): readonly Movement[] {
  const [was, is] = [holdOf(before), holdOf(after)]
  if (was?.paymentId === is?.paymentId && was?.amountMinor === is?.amountMinor) {
    return was === undefined ? unheardHold({ before, after, cause }) : []
  }
  const ended = after.position.at === 'taken' ? 'hold_captured' : 'hold_released'
  return [
    ...(was === undefined ? [] : [movementOf(ended, was, cause)]),
    ...(is === undefined ? [] : [movementOf('hold_placed', is, cause)]),
  ]
}

interface Hold {
  readonly paymentId: string
  readonly amountMinor: bigint
  readonly currency: string
}

function holdOf(payment: Payment | undefined): Hold | undefined {
  if (payment?.position.at !== 'held') return undefined
  const { paymentId, authorisedMinor: amountMinor, currency = payment.currency } = payment.position
  return { paymentId, amountMinor, currency }
}

const movementOf = (kind: TransferKind, { amountMinor, currency }: Hold, cause: string): Movement => ({
  kind,
  amountMinor,
  currency,
  cause,
})

/** The capture is the first that is heard of the hold it took. One that was let go in the books is not opened again. */
function unheardHold({ before, after, cause }: Change): readonly Movement[] {
  if (before?.position.at !== 'none' || after.position.at !== 'taken') return []
  const { authorisedMinor: amountMinor } = after.position
  return [
    { kind: 'hold_placed', amountMinor, cause },
    { kind: 'hold_captured', amountMinor, cause },
  ]
}

/** The one capture of an order is known by its payment intent. An operator may put its amount right afterwards. */
function captures({ before, after, cause }: Change): readonly Movement[] {
  if (after.position.at !== 'taken') return []
  const { capturedMinor, paymentId } = after.position
  if (before?.position.at !== 'taken') return [{ kind: 'capture', amountMinor: capturedMinor, cause: paymentId }]
  const moreMinor = capturedMinor - before.position.capturedMinor
  return [
    { kind: 'capture_raised', amountMinor: moreMinor, cause },
    { kind: 'capture_lowered', amountMinor: -moreMinor, cause },
  ]
}

/** A refund succeeds once and is reversed at most once: its id is the cause of both. */
function refunds({ before, after }: Change): readonly Movement[] {
  const succeeded = new Set(before?.refunds.filter(hasSucceeded).map(({ refundId }) => refundId))
  return after.refunds
    .filter((refund) => hasSucceeded(refund) !== succeeded.has(refund.refundId))
    .map((refund) => ({
      kind: hasSucceeded(refund) ? 'refund' : 'refund_reversed',
      amountMinor: refund.amountMinor,
      cause: refund.refundId,
    }))
}

const hasSucceeded = ({ status }: Payment['refunds'][number]): boolean => status === 'succeeded'
