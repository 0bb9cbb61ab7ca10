import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { totalsOf } from '../../../../apps/payment/decide/change.ts'
import { decidePayment } from '../../../../apps/payment/decide/payment.ts'
import { type AtGateway, compare, compareAll } from '../../../../apps/payment/reconciliation/comparison.ts'
import type { Fact, Payment } from '../../../../apps/payment/vocabulary.ts'
import { propertySeed } from '../../../support/config.ts'
import { expiresAt, ids, inputNamed, inputs, now, timeOf } from '../decide/inputs.ts'

const settledBefore = new Date(now.getTime() + 60_000)

function led(...names: readonly string[]): Payment {
  let payment: Payment | undefined
  for (const name of ['OrderPlaced', ...names]) {
    const decision = decidePayment(payment, inputNamed(name), timeOf(name))
    if (decision.is === 'applied') payment = decision.state
  }
  if (payment === undefined) throw new Error('There is no payment')
  return payment
}

const eur = { amountMinor: 1_000n, currency: 'EUR' } as const
const facts = {
  held: { type: 'Held', paymentId: 'pi_1', ...eur, expiresAt },
  taken: { type: 'Captured', paymentId: 'pi_1', ...eur },
  gone: { type: 'Gone', paymentId: 'pi_1', because: 'cancelled' },
  refused: { type: 'Refused', operation: 'authorise', code: 'card_declined' },
} as const satisfies Record<string, Fact>

const intent = (fact: Fact | undefined, more: Partial<AtGateway> = {}): AtGateway => ({
  paymentId: 'pi_1',
  orderId: ids.orderId,
  status: 'as it is',
  fact,
  returnedMinor: 0n,
  ...more,
})

const lives = {
  unanswered: led('GaveUp authorise'),
  held: led('Held'),
  taken: led('Held', 'OrderConfirmed', 'Captured'),
  returned: led('Held', 'OrderConfirmed', 'Captured', 'refund r1 300', 'Refunded r1 300'),
  cancelled: led('Held', 'OrderCancelled', 'Gone cancelled'),
  declined: led('Refused authorise'),
} as const

describe('what we say beside what the gateway says', () => {
  test.each([
    ['held', facts.held, {}, 'matching'],
    ['taken', facts.taken, {}, 'matching'],
    ['returned', facts.taken, { returnedMinor: 300n }, 'matching'],
    ['cancelled', facts.gone, {}, 'matching'],
    ['declined', facts.refused, {}, 'matching'],
    ['declined', facts.gone, {}, 'matching'],
    ['unanswered', undefined, { status: 'requires_confirmation' }, 'matching'],
    // An intent that was made twice, because the gateway failed while making it, and was never confirmed.
    ['held', undefined, { paymentId: 'pi_2', status: 'requires_confirmation' }, 'matching'],
    ['taken', { ...facts.gone, paymentId: 'pi_2' }, { paymentId: 'pi_2' }, 'matching'],

    ['unanswered', facts.held, {}, 'missing_here'],
    ['unanswered', facts.taken, {}, 'missing_here'],
    ['declined', facts.held, {}, 'missing_here'],
    ['held', { ...facts.held, paymentId: 'pi_2' }, { paymentId: 'pi_2' }, 'missing_here'],
    ['taken', { ...facts.taken, paymentId: 'pi_2' }, { paymentId: 'pi_2' }, 'missing_here'],
    ['cancelled', { ...facts.taken, paymentId: 'pi_2' }, { paymentId: 'pi_2' }, 'missing_here'],

    ['held', { ...facts.held, amountMinor: 999n }, {}, 'amount_differs'],
    ['held', { ...facts.held, currency: 'USD' }, {}, 'amount_differs'],
    ['taken', { ...facts.taken, amountMinor: 900n }, {}, 'amount_differs'],
    ['taken', facts.taken, { returnedMinor: 200n }, 'amount_differs'],
    ['returned', facts.taken, {}, 'amount_differs'],

    ['held', facts.taken, {}, 'state_differs'],
    ['held', facts.gone, {}, 'state_differs'],
    ['held', undefined, { status: 'requires_payment_method' }, 'state_differs'],
    ['taken', facts.held, {}, 'state_differs'],
    ['taken', facts.gone, {}, 'state_differs'],
    ['cancelled', facts.held, {}, 'state_differs'],
    ['cancelled', facts.taken, {}, 'state_differs'],
    ['unanswered', facts.refused, {}, 'state_differs'],
    ['unanswered', facts.gone, {}, 'state_differs'],

    ['held', undefined, { status: 'processing' }, 'open'],
    ['taken', undefined, { status: 'a word that nobody here knows' }, 'open'],
  ] as const)('%s beside %o %o is %s', (...[name, fact, more, expected]) => {
    expect(compare(lives[name], intent(fact, more), settledBefore)).toBe(expected)
  })

  test('an intent for an order that nobody here knows is missing here, while money hangs on it', () => {
    expect(compare(undefined, intent(facts.held), settledBefore)).toBe('missing_here')
    expect(compare(undefined, intent(facts.taken), settledBefore)).toBe('missing_here')
    expect(compare(undefined, intent(facts.taken, { returnedMinor: 1_000n }), settledBefore)).toBe('matching')
    expect(compare(undefined, intent(facts.gone), settledBefore)).toBe('matching')
  })

  test('no such intent, or one that is another order’s, is extra here where money is said to be', () => {
    for (const none of [undefined, intent(facts.taken, { orderId: undefined })]) {
      const said = Object.entries(lives).map(([name, payment]) => [name, compare(payment, none, settledBefore)])
      expect(Object.fromEntries(said)).toEqual({
        unanswered: 'matching',
        held: 'extra_here',
        taken: 'extra_here',
        returned: 'extra_here',
        cancelled: 'matching',
        declined: 'matching',
      })
    }
  })

  test.each([
    ['taken', facts.taken, {}, 1_000n, 'matching'],
    ['taken', facts.taken, {}, 0n, 'ledger_differs'],
    ['returned', facts.taken, { returnedMinor: 300n }, 700n, 'matching'],
    ['returned', facts.taken, { returnedMinor: 300n }, 1_000n, 'ledger_differs'],
    ['held', facts.held, {}, 0n, 'matching'],
    ['held', facts.held, {}, 1_000n, 'ledger_differs'],
    ['cancelled', facts.gone, {}, 1n, 'ledger_differs'],
    // What differs from the gateway is told first: the books follow the payment.
    ['held', facts.taken, {}, 1_000n, 'state_differs'],
    ['taken', undefined, { status: 'processing' }, 0n, 'open'],
  ] as const)('%s beside %o %o, with %d in the books, is %s', (...[name, fact, more, clearingMinor, expected]) => {
    const ours = { payment: lives[name], clearingMinor }
    expect(compareAll(ours, intent(fact, more), settledBefore)).toBe(expected)
  })

  test('while a call is under way, or its outcome has just become unknown, nothing is compared', () => {
    const running = led('Held', 'OrderConfirmed')
    expect(compare(running, intent(facts.taken), settledBefore)).toBe('open')
    expect(compare(running, undefined, settledBefore)).toBe('open')
    const unknown = led('Held', 'OrderConfirmed', 'Unknown capture')
    expect(compare(unknown, intent(facts.taken), now)).toBe('open')
    expect(compare(unknown, intent(facts.taken), settledBefore)).toBe('state_differs')
    expect(compare(unknown, intent(facts.held), settledBefore)).toBe('matching')
  })
})

describe('whatever has happened to a payment', () => {
  const anyLife = fc.array(fc.constantFrom(...inputs.keys()), { maxLength: 20 }).map((names) => led(...names))
  const money = fc.record({ amountMinor: fc.constantFrom(900n, 1_000n), currency: fc.constantFrom('EUR', 'USD') })
  const anyIntent = fc
    .record({
      paymentId: fc.constantFrom('pi_1', 'pi_2'),
      returnedMinor: fc.constantFrom(0n, 300n),
      money,
      is: fc.constantFrom('Held', 'Captured', 'Gone', 'Refused'),
    })
    .map(({ paymentId, returnedMinor, money, is }) => {
      const fact: Record<typeof is, Fact> = {
        Held: { ...facts.held, ...money, paymentId },
        Captured: { ...facts.taken, ...money, paymentId },
        Gone: { ...facts.gone, paymentId },
        Refused: facts.refused,
      }
      return intent(fact[is], { paymentId, returnedMinor })
    })

  const tell = (payment: Payment, { fact }: AtGateway) =>
    fact === undefined ? undefined : decidePayment(payment, fact, now)

  test('where both match there is nothing to learn', () => {
    fc.assert(
      fc.property(anyLife, anyIntent, (payment, found) => {
        fc.pre(compare(payment, found, settledBefore) === 'matching')
        expect(tell(payment, found)?.is).not.toBe('applied')
      }),
      { seed: propertySeed, numRuns: 3_000 },
    )
  })

  test('what is learned where they differ makes them agree, sends a call, or puts it before a person', () => {
    fc.assert(
      fc.property(anyLife, anyIntent, (payment, found) => {
        const before = compare(payment, found, settledBefore)
        fc.pre(before !== 'matching' && before !== 'open')
        const decision = tell(payment, found)
        fc.pre(decision?.is === 'applied')
        if (decision?.is !== 'applied') return
        const { state } = decision
        // Refunds are facts of their own.
        const { refundedMinor: returnedMinor } = totalsOf(state)
        const after = compare(state, { ...found, returnedMinor }, settledBefore)
        expect(after === 'matching' || after === 'open' || state.review !== null).toBe(true)
      }),
      { seed: propertySeed, numRuns: 3_000 },
    )
  })
})
