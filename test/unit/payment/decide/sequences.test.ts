import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decidePayment } from '../../../../apps/payment/decide/payment.ts'
import type { Payment } from '../../../../apps/payment/vocabulary.ts'
import { propertySeed } from '../../../support/config.ts'
import type { Temper } from './gateway-model.ts'
import { inputNamed, inputs, timeOf } from './inputs.ts'
import { allowedEnd, oneCallAtMost, type Step, soundBooks, World } from './world.ts'

const anything = fc.array(fc.constantFrom(...inputs.keys()), { maxLength: 30 })

test('whatever comes in whatever order, a payment decides, and its books stay sound', () => {
  fc.assert(
    fc.property(anything, (names) => {
      let payment: Payment | undefined
      for (const name of ['OrderPlaced', ...names]) {
        const decision = decidePayment(payment, inputNamed(name), timeOf(name))
        if (decision.is !== 'applied') continue
        soundBooks(decision.state)
        oneCallAtMost(payment, decision.state, decision.effects)
        payment = decision.state
      }
      expect(payment).toBeDefined()
    }),
    { seed: propertySeed, numRuns: 10_000 },
  )
})

const step = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Step>('answer') },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Step>('unknown', 'expire', 'deadline', 'erase', 'refund r1 300', 'refund r9 100'),
  },
)
const steps = fc.array(step, { maxLength: 8 })
const temper: fc.Arbitrary<Temper> = fc.record({
  declines: fc.boolean(),
  refusesCapture: fc.boolean(),
  failsRefunds: fc.boolean(),
})
const life = fc.record({
  temper,
  before: steps,
  confirmed: fc.boolean(),
  between: steps,
  cancelled: fc.boolean(),
  after: steps,
  gaveUp: fc.boolean(),
})

test('once every call has been answered, a payment rests in an allowed end and agrees with the gateway', () => {
  fc.assert(
    fc.property(life, (drawn) => {
      const world = new World(drawn.temper)
      world.hear('OrderPlaced')
      for (const each of drawn.before) world.step(each)
      if (drawn.confirmed) world.hear('OrderConfirmed')
      for (const each of drawn.between) world.step(each)
      if (drawn.cancelled) world.hear('OrderCancelled')
      for (const each of drawn.after) world.step(each)
      if (drawn.gaveUp) world.step('give up')
      world.answerAll()
      world.step('deadline')
      world.answerAll()
      expect(world.payment?.condition === 'review' || allowedEnd(world.payment)).toBe(true)
      if (world.payment?.condition === 'ok') world.agrees()
    }),
    { seed: propertySeed, numRuns: 10_000 },
  )
})

test('a cancelled order is answered once: declined, voided, or everything refunded', () => {
  fc.assert(
    fc.property(fc.record({ temper, confirmed: fc.boolean(), before: steps, after: steps }), (drawn) => {
      const world = new World({ ...drawn.temper, failsRefunds: false })
      world.hear('OrderPlaced')
      if (drawn.confirmed) world.hear('OrderConfirmed')
      for (const each of drawn.before) world.step(each)
      world.hear('OrderCancelled')
      for (const each of drawn.after) world.step(each)
      world.answerAll()
      expect(world.settlements).toBe(1)
    }),
    { seed: propertySeed, numRuns: 10_000 },
  )
})
