import { expect, test, vi } from 'vitest'
import { measure } from '../../../bench/measure/run.ts'
import { limitMs } from '../../support/limits.ts'
import { fakeSystem } from './fake-system.ts'

// Each starts the generator, which takes its time on a busy machine.
vi.setConfig({ testTimeout: limitMs(20_000) })

const load = { kind: 'open', intensity: 1_000, seconds: 0.01, seed: 3 } as const
const impatient = { pollMs: 1, withoutProgressMs: 5 }

test('a clean run has numbers and no faults', async () => {
  const run = await measure(await fakeSystem({ endedBefore: 500 }), load, impatient)
  expect(run).toMatchObject({ system: 'fake', load, orders: 10, faults: [] })
  // The fake tells each order a second before it says it is paid.
  expect(run.toPaid.p50).toBeCloseTo(run.toNotified.p50 + 1_000, 0)
  expect(run.endedPerSecond).toBeGreaterThan(0)
  expect(Object.keys(run.cores).toSorted()).toEqual(process.platform === 'linux' ? ['load', 'self'] : ['load'])
})

test('an order that is lost makes a run void', async () => {
  const { faults } = await measure(await fakeSystem({ loses: 'order-4' }), load, impatient)
  expect(faults).toEqual(['1 order left hanging: none came to its end for 5 ms', '1 order lost'])
})

test('an order that is ended twice makes a run void, and so does what the system itself finds', async () => {
  const { faults } = await measure(await fakeSystem({ doubles: 'order-4' }), load, impatient)
  expect(faults).toEqual([
    '1 order ended without having been answered',
    '1 order whose outcome was found twice',
    'order-4 was charged twice',
  ])
})

test('a system that refuses everything makes a run void, and not an exception', async () => {
  const run = await measure(await fakeSystem({ refuses: true }), load, impatient)
  expect(run).toMatchObject({ orders: 0, endedPerSecond: 0, toPaid: { p50: 0, max: 0 } })
  expect(run.faults).toEqual(['failed requests: 10 × status 503', 'no order was answered'])
})
