import { describe, expect, it } from 'vitest'
import { LineKinds, type Signs, StallDetector } from '../../../infra/process/stall.ts'

const limits = { stillMaxMs: 60_000, busyMaxMs: 120_000 }
const nothing: Signs = { logKinds: 0, words: '', isListening: false, processorMs: 0 }

/** Looks once a second. @returns the second in which it is found to stand still, or undefined */
function firstStall(seconds: number, signsAt: (second: number) => Partial<Signs>, othersMovedAtMs = 0) {
  const detector = new StallDetector(limits, 0)
  for (let second = 0; second <= seconds; second += 1) {
    const stillness = detector.look(second * 1_000, { ...nothing, ...signsAt(second) }, othersMovedAtMs)
    if (stillness !== undefined) return second
  }
  return undefined
}

describe('a process that starts', () => {
  it('stands still when it shows no sign for the limit', () => {
    expect(firstStall(600, () => ({}))).toBe(60)
  })

  it.each<[string, (second: number) => Partial<Signs>]>([
    ['logs a new line', (second) => ({ logKinds: Math.floor(second / 50) })],
    ['says that it waits for something else', (second) => ({ words: 'x'.repeat(second / 50) })],
  ])('gets on while it %s now and then', (_, signsAt) => {
    expect(firstStall(600, signsAt)).toBeUndefined()
  })

  it('does not get on by going to and fro', () => {
    const even = (second: number): boolean => Math.floor(second / 10) % 2 === 0
    // Each of the two texts is new once, and so is the open port.
    expect(firstStall(600, (second) => ({ words: even(second) ? 'Kafka' : 'PostgreSQL' }))).toBe(70)
    expect(firstStall(600, (second) => ({ isListening: even(second) }))).toBe(60)
    expect(firstStall(600, (second) => ({ words: `Kafka for ${second} s` }))).toBe(60)
    expect(firstStall(600, (second) => ({ logKinds: even(second) ? 3 : 0 }))).toBe(60)
  })

  it('is not waited for without end, whatever it and others show', () => {
    const endless = (second: number) => ({ logKinds: second })
    expect(firstStall(7_200, endless, Number.POSITIVE_INFINITY)).toBe(3_600)
    const detector = new StallDetector({ ...limits, waitMaxMs: 5_000 }, 0)
    expect(detector.look(4_999, nothing)).toBeUndefined()
    expect(detector.look(5_000, nothing)).toBe('it is not ready after 5000 ms')
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

  it.each([
    'LOG:  redo in progress, elapsed time: #.00 s, current LSN: 0/3A#',
    'Recovering unflushed segment 0. #/500 recovered for order-1.',
    'Loaded # of 500 logs',
    'snapshot # % done',
  ])('are more while the line says how far something is: %s', (line) => {
    const upTo = (last: number) => Array.from({ length: last }, (_, index) => `${line.replace('#', `${index + 1}`)}\n`)
    expect(countOf(...upTo(20))).toBe(20)
    expect(countOf(...upTo(1_000))).toBe(120)
    expect(countOf(...Array<string>(20).fill(`${line}\n`))).toBe(1)
  })

  it('are counted when their line has ended, in however many pieces it came', () => {
    expect(countOf('loading the', ' log\nlistening')).toBe(1)
  })
})
