import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it, vi } from 'vitest'
import { familyProcessorMs, processorMs, secondsOf } from '../../../infra/process/process-table.ts'
import { limitMs } from '../../support/limits.ts'

it.each([
  ['0:00.07', 0.07],
  ['3:05.50', 185.5],
  ['1:00:02', 3_602],
  ['2-01:00:00', 176_400],
])('reads %s of ps as seconds', (text, seconds) => {
  expect(secondsOf(text)).toBeCloseTo(seconds)
})

it('counts the processor time of a process, and none of one that is gone', async () => {
  const before = await processorMs(process.pid)
  const from = process.cpuUsage()
  const used = (): number => process.cpuUsage(from).user + process.cpuUsage(from).system
  let sum = 0
  while (used() < 60_000) sum += Math.sqrt(sum + 1)
  expect(await processorMs(process.pid)).toBeGreaterThanOrEqual(before + 40)
  expect(await processorMs(2 ** 22 + 1)).toBe(0)
})

it('counts what runs below a process, also two levels down, and tells several callers from one look', async () => {
  const child = spawn('sh', ['-c', `sh -c 'while :; do :; done' & echo begun; wait`], { detached: true })
  try {
    await once(child.stdout, 'data')
    const pid = child.pid ?? 0
    await vi.waitFor(async () => expect(await familyProcessorMs(pid)).toBeGreaterThan(100), limitMs(5_000))
    expect(await processorMs(pid)).toBeLessThan(100)
    const both = await Promise.all([familyProcessorMs(pid, 1_000), familyProcessorMs(pid, 1_000)])
    expect(Math.min(...both)).toBeGreaterThan(100)
  } finally {
    process.kill(-(child.pid ?? 0), 'SIGKILL')
  }
})
