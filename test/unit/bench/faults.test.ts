import { expect, test } from 'vitest'
import { type Evidence, faultsOf } from '../../../bench/measure/faults.ts'

const usage = (...names: string[]) => ({ atMs: 0, cpuSeconds: new Map(names.map((name) => [name, 1])) })
const sent = (orderId: string) => ({ orderId, plannedAtMs: 1_000, answeredAtMs: 1_001 })
const outcome = (orderId: string) => ({ orderId, notifiedAtMs: 1_002, paidAtMs: 1_003 })
const clean: Evidence = {
  generated: { sent: [sent('a'), sent('b')], failed: [], cpuSeconds: 1 },
  ended: 2,
  withoutProgressMs: 60_000,
  outcomes: [outcome('b'), outcome('a')],
  flaws: [],
  before: usage('order', 'postgres'),
  after: usage('order', 'postgres'),
}

test('a run in which every order came to its end has none', () => {
  expect(faultsOf(clean)).toEqual([])
})

const cases: readonly (readonly [string, Partial<Evidence>, string])[] = [
  [
    'a request that failed',
    { generated: { ...clean.generated, failed: ['3 × status 503'] } },
    'failed requests: 3 × status 503',
  ],
  ['an order that did not end', { ended: 1 }, '1 order left hanging: none came to its end for 60000 ms'],
  ['an end of what nobody ordered', { ended: 4 }, '2 orders ended without having been answered'],
  ['an order that is nowhere', { outcomes: [outcome('a')] }, '1 order lost'],
  [
    'an order that is there twice',
    { outcomes: [...clean.outcomes, outcome('a')] },
    '1 order whose outcome was found twice',
  ],
  ['an order never paid', { outcomes: [outcome('a'), { ...outcome('b'), paidAtMs: undefined }] }, '1 order never paid'],
  [
    'an order never notified',
    { outcomes: [outcome('a'), { ...outcome('b'), notifiedAtMs: undefined }] },
    '1 order never notified',
  ],
  [
    'an end before the beginning',
    { outcomes: [outcome('a'), { ...outcome('b'), notifiedAtMs: 999 }] },
    '1 order ended before being sent: the clocks differ',
  ],
  ['a process that is gone', { after: usage('postgres') }, 'order has died'],
  ['a flaw of the data', { flaws: ['b was charged twice'] }, 'b was charged twice'],
]

test.each(cases)('%s is one', (_, evidence, fault) => {
  expect(faultsOf({ ...clean, ...evidence })).toEqual([fault])
})

test('one id given to two orders is one, and leaves nothing to wait for', () => {
  const twice = { sent: [sent('a'), sent('a')], failed: [], cpuSeconds: 1 }
  expect(faultsOf({ ...clean, generated: twice, ended: 1, outcomes: [outcome('a')] })).toEqual([
    '1 order answered with the id of another',
  ])
})

test('a run without orders is void', () => {
  const nothing = { sent: [], failed: [], cpuSeconds: 0 }
  expect(faultsOf({ ...clean, generated: nothing, ended: 0, outcomes: [] })).toEqual(['no order was answered'])
})
