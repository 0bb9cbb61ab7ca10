import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createAgenda } from '../../../apps/simulators/gateway/engine/agenda.ts'
import { propertySeed } from '../../support/config.ts'

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }))
afterEach(() => void vi.useRealTimers())

test('does everything once, in the order of times, however it was added', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50_000), { maxLength: 60 }), (delays) => {
      const done: number[] = []
      const agenda = createAgenda<number>((delay) => void done.push(delay))
      agenda.start()
      for (const delay of delays) agenda.add(Date.now() + delay, delay)
      vi.advanceTimersByTime(50_000)
      expect(done).toEqual(delays.toSorted((a, b) => a - b))
      agenda.stop()
    }),
    { seed: propertySeed },
  )
})

test('does nothing before its time, before the start and after the stop', () => {
  const done: string[] = []
  const agenda = createAgenda<string>((job) => void done.push(job))
  agenda.add(Date.now() - 1, 'past')
  vi.advanceTimersByTime(10)
  expect(done).toEqual([])
  agenda.start()
  agenda.add(Date.now() + 100, 'later')
  vi.advanceTimersByTime(99)
  expect(done).toEqual(['past'])
  vi.advanceTimersByTime(1)
  expect(done).toEqual(['past', 'later'])
  agenda.add(Date.now() + 1, 'too late')
  agenda.stop()
  vi.advanceTimersByTime(1_000)
  expect(done).toHaveLength(2)
})

test('waits for longer than a timer of Node can', () => {
  const monthMs = 31 * 24 * 60 * 60 * 1_000
  const done: string[] = []
  const agenda = createAgenda<string>((job) => void done.push(job))
  agenda.start()
  agenda.add(Date.now() + monthMs, 'a month')
  vi.advanceTimersByTime(monthMs - 1)
  expect(done).toEqual([])
  vi.advanceTimersByTime(1)
  expect(done).toEqual(['a month'])
  agenda.stop()
})

test('takes what is added while it works', () => {
  const done: number[] = []
  const agenda = createAgenda<number>((left) => {
    done.push(left)
    if (left > 0) agenda.add(Date.now(), left - 1)
  })
  agenda.start()
  agenda.add(Date.now(), 3)
  vi.advanceTimersByTime(10)
  expect(done).toEqual([3, 2, 1, 0])
  agenda.stop()
})
