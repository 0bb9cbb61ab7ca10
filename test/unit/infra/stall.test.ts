import { describe, expect, it } from 'vitest'
import { LineKinds, type Signs, StallDetector } from '../../../infra/process/stall.ts'

const limits = { stillMaxMs: 60_000, busyMaxMs: 120_000 }
const nothing: Signs = { logKinds: 0, words: '', isListening: false, processorMs: 0 }

/** Looks once a second. @returns the second in which it is found to stand still, or undefined */
function firstStall(seconds: number, signsAt: (second: number) => Partial<Signs>, othersMovedAtMs = 0) {
  const detector = new StallDetector(limits, 0)
  for (let second = 0; second <= seconds; second += 1) {
    if (detector.look(second * 1_000, { ...nothing, ...signsAt(second) }, othersMovedAtMs)) return second
  }
  return undefined
}

describe('a process that starts', () => {
  it('stands still when it shows no sign for the limit', () => {
    expect(firstStall(600, () => ({}))).toBe(60)
  })

  it.each<[string, (second: number) => Partial<Signs>]>([
    ['logs a new line', (second) => ({ logKinds: Math.floor(second / 50) })],
    ['says that it waits for something else', (second) => ({ words: `step ${Math.floor(second / 50)}` })],
  ])('gets on while it %s now and then', (_, signsAt) => {
    expect(firstStall(600, signsAt)).toBeUndefined()
  })

  it('has the limit again after it has opened its port', () => {
    expect(firstStall(600, (second) => ({ isListening: second >= 40 }))).toBe(100)
  })

  it('gets on while it works, for so much processor time and no longer', () => {
    expect(firstStall(600, (second) => ({ processorMs: second * 1_000 }))).toBe(120)
    // A JVM that starts at a tenth of the speed without a line.
    expect(firstStall(600, (second) => ({ processorMs: second * 100 }))).toBeUndefined()
  })

  it('does not get on by what an idle process uses', () => {
    expect(firstStall(600, (second) => ({ processorMs: second * 30 }))).toBe(60)
  })

  it('is waited for while another part gets on that it may wait for', () => {
    expect(firstStall(600, () => ({}), 200_000)).toBe(260)
  })
})

describe('kinds of log lines', () => {
  const countOf = (...pieces: readonly string[]): number => {
    const kinds = new LineKinds()
    for (const piece of pieces) kinds.add(piece)
    return kinds.count
  }

  it('are the same when only times, numbers and ids differ', () => {
    expect(countOf('12:01:03 waiting for 3f9a-01\n12:01:08 waiting for 77bc-02\n')).toBe(1)
    expect(countOf('{"time":1,"msg":"waiting"}\n{"time":22,"msg":"ready"}\n')).toBe(2)
  })

  it('are counted when their line has ended, in however many pieces it came', () => {
    expect(countOf('loading the', ' log\nlistening')).toBe(1)
  })
})
