import { totalsOf } from '../decide/change.ts'
import type { Fact, Payment, Position } from '../vocabulary.ts'

/** One payment intent as the gateway has it: a line of its list, or what a look-up says. */
export interface AtGateway {
  readonly paymentId: string
  /** The order that it was made for, if it says so. */
  readonly orderId: string | undefined
  /** In the gateway's own word. */
  readonly status: string
  /** Undefined while nothing is decided. */
  readonly fact: Fact | undefined
  /** What was given back of what was taken. */
  readonly returnedMinor: bigint
}

export type Difference =
  /** The gateway holds or has taken money that we do not know of, or has an intent for an order that we do not know. */
  | 'missing_here'
  /** We say that money is held or taken, and the gateway has no such intent. */
  | 'extra_here'
  /** The same intent in the same state, with another amount or currency, or with other refunds. */
  | 'amount_differs'
  | 'state_differs'
  /** We agree with the gateway, and our ledger does not. */
  | 'ledger_differs'

/** `open`: something is on its way, and comparing would find what is about to be settled anyway. */
export type Comparison = 'matching' | 'open' | Difference

/** What we say: the payment, and what the ledger has in the account that is owed by the gateway. */
export interface Ours {
  readonly payment: Payment
  /** What was captured for the order, less what was refunded. */
  readonly clearingMinor: bigint
}

/** The gateway, the payment and the ledger beside each other. At least one of the first two is there. */
export function compareAll(ours: Ours | undefined, intent: AtGateway | undefined, settledBefore: Date): Comparison {
  const comparison = compare(ours?.payment, intent, settledBefore)
  if (ours === undefined || comparison !== 'matching') return comparison
  const known = intentOf(ours.payment.position)
  // Another intent of the order, on which nothing hangs, says nothing about its books.
  if (intent !== undefined && known !== null && known !== intent.paymentId) return comparison
  const { capturedMinor, refundedMinor } = totalsOf(ours.payment)
  return ours.clearingMinor === capturedMinor - refundedMinor ? 'matching' : 'ledger_differs'
}

/**
 * What we say beside what the gateway says, about one intent. At least one of the two is there.
 * @param settledBefore what has become unknown since is still being asked for by whoever called
 */
export function compare(payment: Payment | undefined, intent: AtGateway | undefined, settledBefore: Date): Comparison {
  if (payment === undefined) return strangers(intent)
  if (isUnderWay(payment, settledBefore)) return 'open'
  const { position } = payment
  const isOurs = intent?.orderId === payment.orderId
  if (intent === undefined || !isOurs) return hasMoney(position) ? 'extra_here' : 'matching'
  const money = moneyOf(intent)
  if (money.at === 'open') return 'open'
  switch (position.at) {
    case 'none':
      if (money.at !== 'nowhere') return 'missing_here'
      // The money agrees, and yet the gateway knows what became of a call that has no answer here.
      return intent.fact === undefined ? 'matching' : 'state_differs'
    case 'held':
    case 'taken':
    case 'gone':
      if (intentOf(position) === intent.paymentId) return compareMoney(payment, money)
      return isNowhere(money) ? 'matching' : 'missing_here'
    default:
      return position satisfies never
  }
}

/** Where the gateway says that the money is. */
type Money =
  | { readonly at: 'open' | 'nowhere' }
  | { readonly at: 'held'; readonly amountMinor: bigint; readonly currency: string }
  | { readonly at: 'taken'; readonly amountMinor: bigint; readonly currency: string; readonly returnedMinor: bigint }

/** Of an intent that is nobody's: what is given back whole concerns nobody any more. */
function strangers(intent: AtGateway | undefined): Comparison {
  const money = intent && moneyOf(intent)
  if (money === undefined || money.at === 'open') return 'missing_here'
  return isNowhere(money) ? 'matching' : 'missing_here'
}

const isNowhere = (money: Money): boolean =>
  money.at === 'nowhere' || (money.at === 'taken' && money.returnedMinor >= money.amountMinor)

/** Stripe's words for an intent that holds nothing and will not by itself. */
const holdNothing: ReadonlySet<string> = new Set([
  'requires_payment_method',
  'requires_confirmation',
  'requires_action',
])

function moneyOf({ fact, status, returnedMinor }: AtGateway): Money {
  switch (fact?.type) {
    case 'Held':
      return { at: 'held', amountMinor: fact.amountMinor, currency: fact.currency }
    case 'Captured':
      return { at: 'taken', amountMinor: fact.amountMinor, currency: fact.currency, returnedMinor }
    case 'Gone':
    case 'Refused':
      return { at: 'nowhere' }
    case 'RefundSucceeded':
    case 'RefundFailed':
    case undefined:
      return { at: holdNothing.has(status) ? 'nowhere' : 'open' }
    default:
      return fact satisfies never
  }
}

function isUnderWay({ operation }: Payment, settledBefore: Date): boolean {
  if (operation === null) return false
  return operation.is === 'running' || Date.parse(operation.since) >= settledBefore.getTime()
}

function compareMoney({ position, currency }: Payment, money: Money): Comparison {
  if (position.at === 'gone') return money.at === 'nowhere' ? 'matching' : 'state_differs'
  if (position.at === 'held' && money.at === 'held') {
    return agree(money.amountMinor === position.authorisedMinor && money.currency === currency)
  }
  if (position.at === 'taken' && money.at === 'taken') {
    const taken = money.amountMinor === position.capturedMinor && money.currency === currency
    return agree(taken && money.returnedMinor === position.refundedMinor)
  }
  return 'state_differs'
}

const agree = (same: boolean): Comparison => (same ? 'matching' : 'amount_differs')

const hasMoney = ({ at }: Position): boolean => at === 'held' || at === 'taken'

export const intentOf = (position: Position): string | null => ('paymentId' in position ? position.paymentId : null)
