import { expect, test } from 'vitest'
import { createFaults, type Fault, fault } from '../../../apps/gateway-simulator/faults.ts'

const slow = { delayMs: 10 }
const broken = { status: 500, when: 'after' } as const
const capture = { operation: 'capture', orderId: 'o1', amount: 1_200 } as const

const created = (...faults: readonly Fault[]) => {
  const all = createFaults()
  all.replace(faults)
  return all
}

test.each<[Fault['match'], boolean]>([
  [{ operation: 'capture' }, true],
  [{ operation: 'capture', orderId: 'o1' }, true],
  [{ operation: 'capture', amount: 1_200 }, true],
  [{ operation: 'capture', orderId: 'o1', amount: 1_200 }, true],
  [{ operation: 'confirm' }, false],
  [{ operation: 'capture', orderId: 'o2' }, false],
  [{ operation: 'capture', orderId: 'o1', amount: 1_201 }, false],
])('%o fits a capture of 1200 for o1: %s', (match, fits) => {
  expect(created({ match, do: slow }).strike(capture)).toEqual(fits ? slow : undefined)
})

test('the first that fits strikes, until it is used up', () => {
  const faults = created(
    { match: { operation: 'capture' }, times: 2, do: slow },
    { match: { operation: 'capture' }, do: broken },
  )
  expect(Array.from({ length: 4 }, () => faults.strike(capture))).toEqual([slow, slow, broken, broken])
  expect(faults.list().map(({ struck }) => struck)).toEqual([2, 2])
})

test('new faults replace the old ones and their counts', () => {
  const faults = created({ match: { operation: 'capture' }, times: 1, do: slow })
  faults.strike(capture)
  faults.replace(faults.list().map(({ struck: _struck, ...each }) => each))
  expect(faults.strike(capture)).toEqual(slow)
  faults.replace([])
  expect(faults.strike(capture)).toBeUndefined()
})

test.each([
  [{ delayMs: 0 }],
  [{ hangUp: 'sometimes' }],
  [{ status: 500 }],
  [{ answer: { status: 200, type: 'card_error' } }],
  [{ cancelIntent: 'because' }],
  [{ delayMs: 1, hangUp: 'after' }],
  [{}],
])('%o is no fault', (wrong) => {
  expect(fault.safeParse({ match: { operation: 'capture' }, do: wrong }).success).toBe(false)
})
