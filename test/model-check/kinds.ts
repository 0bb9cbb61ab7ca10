import type { Input } from '#messaging'
import type { Payment, PaymentVocabulary } from '../../apps/payment/vocabulary.ts'
import { stateInWords } from '../unit/payment/decide/in-words.ts'
import { now } from '../unit/payment/decide/inputs.ts'

export type PaymentInput = Input<PaymentVocabulary>

/** A row and a column of the payment's table as the saga writes them: no amounts, no ids, nothing about how much is back. */
export function cellOf(payment: Payment | undefined, input: PaymentInput, at: Date): string {
  return `${payment === undefined ? 'nothing' : kindOfState(payment)} + ${kindOfInput(payment, input, at)}`
}

/** An answer without amounts and ids. An outcome that is unknown is asked for again and changes nothing else. */
export function kindOfAnswer(answer: string): string {
  return answer
    .replace(/ (r1|r9|x1?|release(-\d)?)(?=[ \]])/g, '')
    .replace(/ \d+/g, '')
    .replace(/(partially_refunded|refunded|captured)(?=\/)/, 'taken')
    .replace(' unknown', '')
    .replace(/ (requested|released|external), left| refunded(?=[\],])/g, '')
}

function kindOfState(payment: Payment): string {
  const { operation, position, refunds, releaseAs } = payment
  const waits = refunds.some(({ refundId, status }) => status === 'pending' && !isCalledFor(payment, refundId))
  const details = [
    operation?.does ?? 'no call',
    ...(waits ? ['wishes'] : []),
    ...(position.at === 'held' ? [releaseAs] : []),
  ]
  return `${kindOfAnswer(stateInWords(payment))} (${details.join(', ')})`
}

function kindOfInput(payment: Payment | undefined, input: PaymentInput, at: Date): string {
  const { type } = input
  switch (type) {
    case 'DeadlineReached':
      return at > now ? 'deadline' : 'early deadline'
    case 'Refused':
      return `${type} ${input.operation}`
    case 'Held':
    case 'Captured':
      return `${type} ${input.paymentId} ${input.amountMinor} ${input.currency}`
    case 'Gone':
      return `${type} ${input.paymentId} ${input.because}`
    case 'OutcomeUnknown':
      return `${type} ${input.operation}${payment?.operation?.is === 'unknown' ? ' again' : ''}`
    case 'GaveUp':
      return `${type} ${input.operation}`
    case 'OrderRefundRequested':
    case 'RefundSucceeded':
    case 'RefundFailed':
      return `${type} ${payment === undefined ? '' : kindOfRefund(payment, input)}`.trim()
    default:
      return type
  }
}

type OfRefund = Extract<PaymentInput, { readonly refundId: string; readonly type: `${string}Refund${string}` }>

function kindOfRefund(payment: Payment, input: OfRefund): string {
  const { position, refunds } = payment
  const known = refunds.find(({ refundId }) => refundId === input.refundId)
  const which = isCalledFor(payment, input.refundId) ? 'called for' : (known?.status ?? 'new')
  if (!('amountMinor' in input) || which === 'succeeded') return which
  const leftMinor = position.at === 'taken' ? position.capturedMinor - position.refundedMinor : 0n
  if (known !== undefined && known.amountMinor !== input.amountMinor) return `${which}, of another amount`
  if (input.amountMinor > leftMinor) return `${which}, too much`
  return input.amountMinor < 1n ? `${which}, of nothing` : which
}

const isCalledFor = ({ operation }: Payment, refundId: string): boolean =>
  operation?.does === 'refund' && operation.refundId === refundId
