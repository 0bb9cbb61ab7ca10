import { decidePayment } from '../../apps/payment/decide/payment.ts'
import type { Payment } from '../../apps/payment/vocabulary.ts'
import { inputNamed, timeOf } from '../unit/payment/decide/inputs.ts'
import { onceCaptured } from '../unit/payment/decide/once-captured.ts'
import { onceGone } from '../unit/payment/decide/once-gone.ts'
import { answerOf, type Table } from '../unit/payment/decide/table.ts'
import { whileAuthorising } from '../unit/payment/decide/while-authorising.ts'
import { whileHeld } from '../unit/payment/decide/while-held.ts'
import { whileRefunding } from '../unit/payment/decide/while-refunding.ts'
import { whileReturning } from '../unit/payment/decide/while-returning.ts'
import { whileVoiding } from '../unit/payment/decide/while-voiding.ts'
import { combinedStates } from './combined-states.ts'
import { cellOf, kindOfAnswer, type PaymentInput } from './kinds.ts'

const table: Table = {
  ...whileAuthorising,
  ...whileHeld,
  ...whileVoiding,
  ...onceCaptured,
  ...whileRefunding,
  ...whileReturning,
  ...onceGone,
}
const answers = cellsOfTheTable()

/** What the payment's hand-written table answers to inputs of this kind in states of this kind. */
export function paymentTableSays(payment: Payment | undefined, input: PaymentInput, at: Date): ReadonlySet<string> {
  return answers.get(cellOf(payment, input, at)) ?? new Set()
}

function cellsOfTheTable(): ReadonlyMap<string, ReadonlySet<string>> {
  const cells = new Map<string, Set<string>>()
  const add = (cell: string, answer: string) => {
    cells.set(cell, (cells.get(cell) ?? new Set()).add(answer))
  }
  for (const { given, ...column } of Object.values(table)) {
    const payment = after(given)
    for (const [name, answer] of answerOf({ given, ...column })) {
      add(cellOf(payment, inputNamed(name), timeOf(name)), kindOfAnswer(answer))
    }
  }
  for (const [state, column] of Object.entries(combinedStates)) {
    for (const [answer, inputs] of Object.entries(column)) {
      for (const input of inputs.split('; ')) add(`${state} + ${input}`, answer)
    }
  }
  return cells
}

function after(given: readonly string[]): Payment | undefined {
  let payment: Payment | undefined
  for (const name of given) {
    const decision = decidePayment(payment, inputNamed(name), timeOf(name))
    if (decision.is !== 'applied') throw new Error(`The table gives ${name}, which is ${decision.is}`)
    payment = decision.state
  }
  return payment
}
