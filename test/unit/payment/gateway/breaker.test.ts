import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type EffectCall, type Log, NotPerformed } from '#messaging'
import { gatewayCircuit, lookUpsWithBreaker, withBreaker } from '../../../../apps/payment/gateway/breaker.ts'
import type { Gateway, GatewayWord } from '../../../../apps/payment/gateway/gateway.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const release = { type: 'Void', orderId: 'o', merchantId: 'm', paymentId: 'pi_1' } as const
const gone: GatewayWord = { type: 'Gone', paymentId: 'pi_1', because: 'cancelled' }
const call: EffectCall = {
  idempotencyKey: 'o/void',
  attempt: 1,
  correlationId: 'o',
  traceparent: '',
  signal: new AbortController().signal,
  endsAt: performance.now() + 5_000,
}

/** Answers what it is told to, and counts. */
function scripted() {
  const state = { calls: 0, answer: async (): Promise<GatewayWord> => gone }
  const perform = (): Promise<GatewayWord> => {
    state.calls += 1
    return state.answer()
  }
  const gateway: Gateway = { authorise: perform, capture: perform, void: perform, refund: perform }
  const lines: string[] = []
  const write = (_fields: object, line: string) => void lines.push(line)
  const log: Log = { debug: write, info: write, warn: write, error: write }
  const silence = () => new Promise<undefined>(() => undefined)
  const newCircuit = () => gatewayCircuit(log, { failuresMax: 3, restMs: 1_000 })
  const lookUps = lookUpsWithBreaker({ lookUp: silence, search: async () => undefined }, newCircuit(), 500)
  return { state, lines, guarded: withBreaker(gateway, newCircuit()), lookUps }
}

const down = (): Promise<GatewayWord> => Promise.reject(new Error('no answer in time'))

test('a gateway that answers nobody is left alone, and what is not sent is not performed', async () => {
  const { state, guarded, lines } = scripted()
  state.answer = down
  for (const _ of [1, 2, 3]) await expect(guarded.void(release, call)).rejects.toThrow('no answer in time')
  await expect(guarded.void(release, call)).rejects.toBeInstanceOf(NotPerformed)
  expect(state.calls).toBe(3)
  expect(lines).toEqual(['the gateway answers nobody and is left alone'])
})

test('after its rest one call tries, and an answer opens the way for all', async () => {
  const { state, guarded, lines } = scripted()
  state.answer = down
  for (const _ of [1, 2, 3]) await expect(guarded.void(release, call)).rejects.toThrow('no answer in time')
  await vi.advanceTimersByTimeAsync(1_001)
  state.answer = async () => gone
  expect(await guarded.void(release, call)).toEqual(gone)
  expect(await guarded.void(release, call)).toEqual(gone)
  expect(lines).toContain('the gateway answers again')
})

test('refusals are answers: any number of them leaves the gateway in use', async () => {
  const { state, guarded } = scripted()
  state.answer = async () => ({ type: 'Refused', operation: 'authorise', code: 'card_declined' })
  for (const _ of [1, 2, 3, 4, 5]) await guarded.void(release, call)
  expect(state.calls).toBe(5)
})

test('a look-up that takes too long has failed; many in a row are made no more, and keep no call from being made', async () => {
  const { guarded, lookUps } = scripted()
  for (const _ of [1, 2, 3]) {
    const looking = lookUps.lookUp('pi_1').catch((error: unknown) => String(error))
    await vi.advanceTimersByTimeAsync(501)
    expect(await looking).toContain('timed out')
  }
  await expect(lookUps.search('o')).rejects.toBeInstanceOf(NotPerformed)
  expect(await guarded.void(release, call)).toEqual(gone)
})
