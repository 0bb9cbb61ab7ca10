import { expect, test } from 'vitest'
import { describeMachine } from '../../../bench/measure/machine.ts'
import { coresBetween, readMemory, readUsage } from '../../../bench/measure/processes.ts'

/** Above the highest number that Linux and macOS give. */
const nobody = 2 ** 22 + 1
const usage = (atMs: number, cpuSeconds: Readonly<Record<string, number>>) => ({
  atMs,
  cpuSeconds: new Map(Object.entries(cpuSeconds)),
})

test('cores are processor time over time, for those that lived from end to end', () => {
  const before = usage(1_000, { order: 10, postgres: 3, gone: 1 })
  const after = usage(11_000, { order: 15, postgres: 18.5, young: 4 })
  expect(coresBetween(before, after)).toEqual({ order: 0.5, postgres: 1.55 })
})

test.runIf(process.platform === 'linux')('reads the processor time of what lives, and it only grows', async () => {
  const processes = new Map([
    ['self', process.pid],
    ['nobody', nobody],
  ])
  const before = await readUsage(processes)
  const after = await readUsage(processes)
  expect([...before.cpuSeconds.keys()]).toEqual(['self'])
  expect(after.cpuSeconds.get('self')).toBeGreaterThanOrEqual(before.cpuSeconds.get('self') ?? Infinity)
  expect(after.atMs).toBeGreaterThanOrEqual(before.atMs)
})

test('reads the memory of what lives', async () => {
  const memory = await readMemory(
    new Map([
      ['self', process.pid],
      ['nobody', nobody],
    ]),
  )
  expect([...memory.keys()]).toEqual(['self'])
  expect(memory.get('self')).toBeGreaterThan(2 ** 20)
})

test('says what machine the numbers are from', async () => {
  const machine = await describeMachine()
  expect(machine).toMatchObject({
    node: process.version,
    commit: expect.stringMatching(/^([0-9a-f]{7,}( \+ changes)?|unknown)$/),
  })
  expect(machine.cores).toBeGreaterThan(0)
  expect(Object.values(machine)).not.toContain('')
})
