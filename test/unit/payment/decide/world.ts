import assert from 'node:assert/strict'
import { decidePayment } from '../../../../apps/payment/decide/payment.ts'
import { conditionOf, statusOf } from '../../../../apps/payment/decide/status.ts'
import type { GatewayAnswer, GatewayCall, Payment } from '../../../../apps/payment/vocabulary.ts'
import { attemptOf } from '../../../support/payment/attempt.ts'
import { GatewayModel, type Temper } from './gateway-model.ts'
import { dayBeforeExpiry, inputNamed, now, type PaymentInput } from './inputs.ts'

/** What happens between the order's own steps: the outstanding call is answered, lost, or given up on. */
export type Step =
  | 'answer'
  | 'unknown'
  | 'give up'
  | 'expire'
  | 'deadline'
  | 'erase'
  | 'refund r1 300'
  | 'refund r9 100'

/** One payment, one gateway, and the call between them. */
export class World {
  payment: Payment | undefined
  settlements = 0
  readonly #gateway: GatewayModel
  #call: GatewayCall | undefined

  constructor(temper: Temper) {
    this.#gateway = new GatewayModel(temper)
  }

  hear(name: string, at = now): void {
    this.#decide(inputNamed(name), at)
  }

  step(step: Step): void {
    switch (step) {
      case 'answer':
        return this.#answer((call) => this.#gateway.perform(call))
      case 'give up':
        return this.#answer((call) => ({ type: 'GaveUp', reason: 'no_answer', ...attemptOf(call) }))
      case 'unknown': {
        const call = this.#call
        if (call === undefined) return
        // It may have been performed or not; the same call comes again either way.
        this.#gateway.perform(call)
        return this.#decide({ type: 'OutcomeUnknown', ...attemptOf(call) }, now)
      }
      case 'expire':
        return this.#gateway.expire()
      case 'deadline':
        return this.hear('Deadline', dayBeforeExpiry)
      case 'erase':
        return this.hear('CustomerErased')
      case 'refund r1 300':
      case 'refund r9 100':
        return this.hear(step)
    }
  }

  /** Ends: every answer leads to another call at most a few times. */
  answerAll(): void {
    for (let calls = 0; this.#call !== undefined; calls += 1) {
      assert.ok(calls < 10)
      this.step('answer')
    }
  }

  agrees(): void {
    const position = this.payment?.position
    assert.equal(this.#gateway.holds, false)
    assert.equal(position?.at === 'taken' ? position.capturedMinor : 0n, this.#gateway.capturedMinor)
    assert.equal(position?.at === 'taken' ? position.refundedMinor : 0n, this.#gateway.refundedMinor)
  }

  #answer(answerTo: (call: GatewayCall) => GatewayAnswer): void {
    const call = this.#call
    if (call === undefined) return
    this.#call = undefined
    this.#decide(answerTo(call), now)
  }

  #decide(input: PaymentInput, at: Date): void {
    const decision = decidePayment(this.payment, input, at)
    if (decision.is !== 'applied') return
    soundBooks(decision.state)
    this.payment = decision.state
    for (const effect of decision.effects) {
      assert.equal(this.#call, undefined, 'one call at a time')
      this.#call = effect
    }
    for (const event of decision.events) {
      const settles = event.type === 'PaymentDeclined' || event.type === 'PaymentVoided'
      if (settles || (event.type === 'PaymentRefunded' && event.remainingMinor === 0n)) this.settlements += 1
    }
  }
}

export function allowedEnd(payment: Payment | undefined): boolean {
  if (payment === undefined || payment.operation !== null) return false
  const { position, goal } = payment
  if (position.at === 'gone') return true
  return position.at === 'taken' && (goal === 'capture' || position.refundedMinor === position.capturedMinor)
}

export function soundBooks(payment: Payment): void {
  const { position, refunds } = payment
  assert.equal(payment.status, statusOf(payment))
  assert.equal(payment.condition, conditionOf(payment))
  assert.equal(new Set(refunds.map(({ refundId }) => refundId)).size, refunds.length)
  if (position.at !== 'taken') return
  const succeeded = refunds.filter(({ status }) => status === 'succeeded')
  assert.ok(position.capturedMinor <= position.authorisedMinor)
  assert.ok(position.refundedMinor <= position.capturedMinor)
  assert.equal(
    succeeded.reduce((sumMinor, { amountMinor }) => sumMinor + amountMinor, 0n),
    position.refundedMinor,
  )
}

/** A call is made only when the one before has been answered, and then it is what the state says is outstanding. */
export function oneCallAtMost(before: Payment | undefined, after: Payment, effects: readonly GatewayCall[]): void {
  const begun = after.operation !== null && after.operation.is === 'running' && after.operation !== before?.operation
  assert.equal(effects.length, begun ? 1 : 0)
  const [call] = effects
  if (call !== undefined) assert.equal(after.operation?.does, attemptOf(call).operation)
}
