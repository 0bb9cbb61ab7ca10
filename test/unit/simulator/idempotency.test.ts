import { expect, test } from 'vitest'
import { createKeys } from '../../../apps/simulators/gateway/engine/idempotency.ts'

const now = 1_000_000

test('a key is new, then in flight, then answered', () => {
  const keys = createKeys<number>({ keptSeconds: 86_400 })
  expect(keys.claim('k', 'f', now)).toEqual({ is: 'new' })
  expect(keys.claim('k', 'f', now)).toEqual({ is: 'inFlight' })
  keys.settle('k', { fingerprint: 'f', at: 42, since: now })
  expect(keys.claim('k', 'f', now)).toEqual({ is: 'answered', at: 42 })
})

test('a key belongs to its first request, in flight or answered', () => {
  const keys = createKeys<number>({ keptSeconds: 86_400 })
  keys.claim('k', 'f', now)
  expect(keys.claim('k', 'g', now)).toEqual({ is: 'otherRequest' })
  keys.settle('k', { fingerprint: 'f', at: 42, since: now })
  expect(keys.claim('k', 'g', now)).toEqual({ is: 'otherRequest' })
})

test('forgets a key after its time', () => {
  const keys = createKeys<number>({ keptSeconds: 86_400 })
  keys.settle('old', { fingerprint: 'f', at: 1, since: now - 86_400 })
  keys.settle('young', { fingerprint: 'f', at: 2, since: now - 86_399 })
  expect(keys.claim('young', 'f', now)).toEqual({ is: 'answered', at: 2 })
  expect(keys.claim('old', 'f', now)).toEqual({ is: 'new' })
  expect(keys.size).toBe(2)
})
