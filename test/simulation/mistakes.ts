import type { Vocabulary } from '#messaging'
import { dueAt } from '../../apps/order/order.ts'
import type { OrderVocabulary } from '../../apps/order/vocabulary.ts'
import type { GatewayCall, Payment, PaymentVocabulary } from '../../apps/payment/vocabulary.ts'
import { type Fold, foldItem, type Item, type Verdict } from '../../apps/shared/messaging/decide/fold.ts'
import { build } from './build.ts'
import type { Build } from './world/simulated.ts'

// Mistakes that somebody could make, planted around what is right. A simulation that does not find them finds nothing.

type DecideOrder = Build['order']['decide']
type DecidePayment = Build['payment']['decide']

const order = (decide: DecideOrder): Build => ({ ...build, order: { ...build.order, decide } })
const payment = (decide: DecidePayment): Build => ({ ...build, payment: { ...build.payment, decide } })
const gate = (before: <V extends Vocabulary>(fold: Fold<V>, item: Item<V>) => void): Build => ({
  ...build,
  foldItem: (fold, item) => {
    before(fold, item)
    return foldItem(fold, item)
  },
})

/** By what is done wrong; each breaks one of these laws first. */
export const mistakes: Readonly<Record<string, { readonly build: Build; readonly breaks: RegExp }>> = {
  'a new idempotency key for every attempt': {
    build: { ...build, idempotencyKey: (key, attempt) => (key.includes('/mail/') ? key : `${key}/${attempt}`) },
    breaks: /held or charged twice|more is asked back/,
  },
  'a mail under a new Message-ID for every attempt': {
    build: { ...build, idempotencyKey: (key, attempt) => (key.includes('/mail/') ? `${key}/${attempt}` : key) },
    breaks: /under two names|nobody has taken it/,
  },
  'all returned where a part has been returned before': {
    build: payment((state, input, now) => {
      const decision = build.payment.decide(state, input, now)
      if (decision.is !== 'applied' || decision.state.position.at !== 'taken') return decision
      const { capturedMinor } = decision.state.position
      const all = decision.effects.map((call) =>
        call.type === 'Refund' && call.refundId === 'release' ? { ...call, amountMinor: capturedMinor } : call,
      )
      return { ...decision, effects: all }
    }),
    breaks: /more is asked back/,
  },
  'a time-out taken for a decline': {
    build: payment((state, input, now) =>
      build.payment.decide(
        state,
        input.type === 'OutcomeUnknown' && input.operation === 'authorise'
          ? { type: 'Refused', operation: 'authorise', code: 'timeout' }
          : input,
        now,
      ),
    ),
    breaks: /no call|without reason: payment_declined|is held or kept/,
  },
  'a time-out of a capture taken for its failure': {
    build: {
      ...build,
      payment: {
        ...build.payment,
        effects: {
          ...build.payment.effects,
          Capture: { ...build.payment.effects.Capture, unknown: () => refusedCapture },
        },
      },
    },
    breaks: /without reason: capture_failed|no call|two effects/,
  },
  'a gap handled at once': {
    build: gate((fold, { key, position }) => {
      const draft = fold.drafts.get(key)
      if (draft === undefined || position === undefined || position.version <= draft.position.version) return
      draft.blocked = undefined
      draft.position = { version: position.version - 1, eventId: undefined }
    }),
    // What was left out is missed by whatever needed it.
    breaks: /nobody was told|has not ended|on hold|another amount|waits for ever|alarmed/,
  },
  'a repeat handled again': {
    build: gate((fold, { key, position }) => {
      const draft = fold.drafts.get(key)
      if (draft === undefined || position === undefined || position.version > draft.position.version) return
      draft.position = { version: position.version - 1, eventId: undefined }
    }),
    breaks: /decides twice/,
  },
  'a row that is missing taken for nothing to do': {
    build: { ...build, foldItem: skippingWhatIsNotYet },
    breaks: /come to rest/,
  },
  'an outcome decided twice': {
    build: { ...build, isFenced: false },
    breaks: /decides twice|alarmed|two effects|no call/,
  },
  'a refund without a look at what is left': {
    build: {
      ...build,
      order: { ...build.order, decide: promisingTooMuch },
      payment: { ...build.payment, decide: returningTooMuch },
    },
    breaks: /more is asked back|more is promised back/,
  },
  'money through a float': {
    build: payment((state, input, now) => {
      const decision = build.payment.decide(state, input, now)
      return decision.is === 'applied' ? { ...decision, effects: decision.effects.map(throughFloat) } : decision
    }),
    breaks: /another amount|without reason/,
  },
  'a capture that comes late revives a cancelled order': {
    build: order((state, input, now) => {
      const isLate = state?.status === 'cancelled' && !state.settled && input.type === 'PaymentCaptured'
      const { captureBy = '' } = state ?? {}
      return build.order.decide(
        isLate ? { ...state, status: 'confirmed', settled: false, captureBy } : state,
        input,
        now,
      )
    }),
    breaks: /undone|where it may not/,
  },
  'a cancellation called settled before payment has answered': {
    build: order((state, input, now) => {
      const decision = build.order.decide(state, input, now)
      if (decision.is !== 'applied' || decision.state.status !== 'cancelled') return decision
      return { ...decision, state: { ...decision.state, settled: true } }
    }),
    breaks: /settled, and money/,
  },
  'a deadline that nobody revokes': {
    build: {
      ...build,
      order: { ...build.order, dueAt: (state) => dueAt(state) ?? new Date(state.payBy) },
    },
    breaks: /lets a deadline pass/,
  },
  'an unknown outcome asked for beyond the memory of keys': {
    build: {
      ...build,
      payment: {
        ...build.payment,
        effects: {
          ...build.payment.effects,
          Authorise: { ...build.payment.effects.Authorise, horizonMs: Number.POSITIVE_INFINITY },
        },
      },
    },
    breaks: /held or charged twice/,
  },
  'a new attempt at a refund that has failed, under a new name': {
    build: payment((state, input, now) => {
      const decision = build.payment.decide(state, input, now)
      if (decision.is !== 'applied' || decision.state.review?.reason !== 'refund_failed') return decision
      const { position, orderId, merchantId, currency } = decision.state
      if (position.at !== 'taken') return decision
      const again = { type: 'Refund', orderId, merchantId, paymentId: position.paymentId, currency } as const
      const amountMinor = position.capturedMinor - position.refundedMinor
      return { ...decision, effects: [{ ...again, refundId: `again-${input.type}`, amountMinor }] }
    }),
    breaks: /no call|two effects/,
  },
}

const refusedCapture = { type: 'Refused', operation: 'capture', code: 'timeout' } as const

function skippingWhatIsNotYet<V extends Vocabulary>(fold: Fold<V>, item: Item<V>): Verdict<V> {
  const verdict = foldItem(fold, item)
  if (verdict.is !== 'blocked' || verdict.because !== 'not-yet') return verdict
  const draft = fold.drafts.get(item.key)
  if (draft !== undefined) draft.blocked = undefined
  return { is: 'skipped' }
}

/** Grants whatever is asked for of a paid order. */
function promisingTooMuch(...[state, input, now]: Parameters<DecideOrder>): ReturnType<DecideOrder> {
  if (state?.status !== 'paid' || input.type !== 'RequestRefund') return build.order.decide(state, input, now)
  const decision = build.order.decide({ ...state, capturedMinor: 10n * state.totalMinor }, input, now)
  if (decision.is !== 'applied') return decision
  return {
    ...decision,
    state: { ...decision.state, capturedMinor: state.capturedMinor } satisfies OrderVocabulary['state'],
  }
}

function returningTooMuch(...[state, input, now]: Parameters<DecidePayment>): ReturnType<DecidePayment> {
  if (state?.position.at !== 'taken' || input.type !== 'OrderRefundRequested') {
    return build.payment.decide(state, input, now)
  }
  const { position } = state
  const blind: Payment = { ...state, position: { ...position, capturedMinor: 10n * position.capturedMinor } }
  const decision = build.payment.decide(blind, input, now)
  if (decision.is !== 'applied') return decision
  const seeing: PaymentVocabulary['state'] = { ...decision.state, position }
  return { ...decision, state: seeing }
}

/** 1.15 becomes 1.1499999999999999, and is cut off. */
function throughFloat(call: GatewayCall): GatewayCall {
  if (call.type !== 'Capture') return call
  const amount = Number(call.amountMinor) / 100
  return { ...call, amountMinor: BigInt(Math.trunc(amount * 100)) }
}
