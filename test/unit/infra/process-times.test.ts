import { expect, it } from 'vitest'
import { processorMs, secondsOf } from '../../../infra/process/process-table.ts'

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
