import { expect, test } from 'vitest'
import { createFaults, type Fault, fault } from '../../../apps/simulators/gateway/faults/faults.ts'

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

test('a rate strikes as often as it says, and the same again with the same seed', () => {
  const often = { match: { operation: 'capture' }, rate: 0.25, do: slow } as const
  const struckBy = (seed: number) => {
    const faults = createFaults()
    faults.replace([often], seed)
    return Array.from({ length: 1_000 }, () => faults.strike(capture) !== undefined)
  }
  const struck = struckBy(1).filter(Boolean).length
  expect(struck).toBeGreaterThan(200)
  expect(struck).toBeLessThan(300)
  expect(struckBy(1)).toEqual(struckBy(1))
  expect(struckBy(1)).not.toEqual(struckBy(2))
})

test('what a rate passes over is left to the next fault', () => {
  const faults = createFaults()
  faults.replace([
    { match: { operation: 'capture' }, rate: 0.5, do: slow },
    { match: { operation: 'capture' }, do: broken },
  ])
  const deeds = new Set(Array.from({ length: 200 }, () => faults.strike(capture)))
  expect(deeds).toEqual(new Set([slow, broken]))
})

test('a fault that matches nothing in particular strikes everything', () => {
  const faults = created({ match: {}, do: slow })
  expect(faults.strike({ operation: 'retrieve', orderId: undefined, amount: undefined })).toEqual(slow)
})

test('faults of webhooks strike webhooks, by what caused them and what they say', () => {
  const webhook = { forged: true } as const
  const faults = created({ match: { operation: 'capture', event: 'payment_intent.succeeded' }, do: { webhook } })
  expect(faults.strike(capture)).toBeUndefined()
  expect(faults.strikeWebhook({ ...capture, event: 'payment_intent.created' })).toBeUndefined()
  expect(faults.strikeWebhook({ ...capture, event: 'payment_intent.succeeded' })).toEqual(webhook)
  expect(created({ match: {}, do: slow }).strikeWebhook({ ...capture, event: 'refund.failed' })).toBeUndefined()
})

test.each([
  [{ rate: 0 }],
  [{ rate: 1.5 }],
  [{ times: 0 }],
  [{ match: { event: 'payment_intent.succeeded' } }],
  [{ match: { event: 'payment_intent.unheard' }, do: { webhook: { forged: true } } }],
])('%o makes no fault', (wrong) => {
  expect(fault.safeParse({ match: { operation: 'capture' }, do: slow, ...wrong }).success).toBe(false)
})

test.each([
  [{ delayMs: 0 }],
  [{ webhook: {} }],
  [{ webhook: { amountOffBy: 0 } }],
  [{ hang: 'sometimes' }],
  [{ hangUp: 'sometimes' }],
  [{ status: 500 }],
  [{ answer: { status: 200, type: 'card_error' } }],
  [{ cancelIntent: 'because' }],
  [{ delayMs: 1, hangUp: 'after' }],
  [{}],
])('%o is no fault', (wrong) => {
  expect(fault.safeParse({ match: { operation: 'capture' }, do: wrong }).success).toBe(false)
})
