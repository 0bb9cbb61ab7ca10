import { beforeAll, expect, test } from 'vitest'
import { limitMs } from '../support/limits.ts'
import { inWords } from '../unit/payment/decide/in-words.ts'
import { orderInWords, orderTableSays } from './against-order-table.ts'
import { paymentTableSays } from './against-payment-table.ts'
import { cellOf, kindOfAnswer } from './kinds.ts'
import { brokenByMove, endOf, isQuiet } from './laws.ts'
import type { Move } from './moves.ts'
import { onCircles, type Space, search } from './search.ts'

/*
 * Order × payment × the events between them × the outstanding call × what is true at the gateway, exhausted: some
 * 59,000 products and 707,000 edges.
 *
 * What bounds the space: one order, one card, one refund that is asked for (a part or all), and one thing that happens
 * at the gateway without our asking: the hold expires, somebody voids, captures or refunds there, the bank reverses a
 * refund. Calls may be lost, repeated, or given up on without bound, every message comes twice, and any fact may be
 * learned at any time, again and late. Left out are amounts and intents that are not the order's, an operator's word
 * and the erasure of a customer: the tables of the aggregates have them.
 */

/** On two cores that others use as well; alone it takes four seconds. */
const searchTimeoutMs = limitMs(60_000)

interface Finding {
  readonly what: string
  readonly from: number
  readonly last: string
}
const broken: Finding[] = []
const differing: Finding[] = []
let cells = 0
let space: Space = { products: [], edges: 0, courses: [], wayTo: () => [] }

beforeAll(() => {
  const judged = new WeakSet<object>()
  space = search(({ from, before, move }) => {
    const at = { from, last: move.name }
    broken.push(...brokenByMove(before, move).map((what) => ({ what, ...at })))
    const step = move.orderStep ?? move.paymentStep
    if (step === undefined || judged.has(step)) return
    judged.add(step)
    cells += step.verdicts.length
    differing.push(...[...againstOrderTable(move), ...againstPaymentTable(move)].map((what) => ({ what, ...at })))
  })
}, searchTimeoutMs)

test('every decision on the way is the one of the hand-written tables', () => {
  expect(inTheirWays(differing)).toEqual([])
  expect(cells).toBeGreaterThan(2_000)
})

test('no alarm, one call at a time, never more captured than held or refunded than captured, settled means net zero', () => {
  expect(inTheirWays(broken)).toEqual([])
})

test('the course of things always ends, whatever went wrong before', () => {
  expect(onCircles(space).map((product) => space.wayTo(product))).toEqual([])
})

test('it ends where it may, and in each of these ends', () => {
  const last = space.products.flatMap((product, at) =>
    product.order !== undefined && space.courses[at]?.length === 0 ? [{ product, at }] : [],
  )
  const wrong = last.filter(({ product }) => !isQuiet(product) || endOf(product) === undefined)
  expect(inTheirWays(wrong.map(({ at }) => ({ what: 'no allowed end', from: at, last: '' })))).toEqual([])
  expect(new Set(last.map(({ product }) => endOf(product)))).toEqual(
    new Set([
      'paid',
      'paid, in review and on hold',
      'refunded',
      'refunded, in review and on hold',
      'cancelled and settled',
      'cancelled, in review and on hold',
    ]),
  )
})

test('the space is as large as it was: a move that is gone would pass everything else', () => {
  expect(space.products.length).toBeGreaterThan(50_000)
  expect(space.edges).toBeGreaterThan(600_000)
})

/** Each finding once, with the shortest way to it: the search is breadth first. */
function inTheirWays(findings: readonly Finding[]): readonly (readonly string[])[] {
  const first = new Map(findings.toReversed().map((finding) => [finding.what, finding]))
  return [...first.values()].map(({ what, from, last }) => [what, ...space.wayTo(from), last])
}

function againstOrderTable({ orderStep }: Move): readonly string[] {
  if (orderStep === undefined) return []
  const { arriving, verdicts } = orderStep
  let state = orderStep.before
  return [...(arriving.messages ?? []), ...(arriving.inputs ?? [])].flatMap((input, at) => {
    const verdict = verdicts[at]
    if (verdict === undefined) return [`order + ${input.type} is not decided`]
    const says = orderTableSays(state, input, arriving.now)
    const given = `${state?.status ?? 'nothing'} + ${input.type}`
    if (verdict.is === 'applied') state = verdict.state
    const is = orderInWords(verdict)
    return is === says ? [] : [`order ${given}: ${is}, by the table ${says}`]
  })
}

function againstPaymentTable({ paymentStep }: Move): readonly string[] {
  if (paymentStep === undefined) return []
  const { arriving, verdicts } = paymentStep
  let state = paymentStep.before
  return [...(arriving.messages ?? []), ...(arriving.inputs ?? [])].flatMap((input, at) => {
    const verdict = verdicts[at]
    if (verdict === undefined || verdict.is === 'skipped' || verdict.is === 'repeat' || verdict.is === 'blocked') {
      return [`payment + ${input.type} is not decided`]
    }
    const says = paymentTableSays(state, input, arriving.now)
    const cell = cellOf(state, input, arriving.now)
    if (verdict.is === 'applied') state = verdict.state
    const is = kindOfAnswer(inWords(verdict))
    return says.has(is) ? [] : [`payment ${cell}: ${is}, by the table ${[...says].join(' or ') || 'nothing'}`]
  })
}
