import { beforeEach, describe, expect, it } from 'vitest'
import { Recovery } from '../../../apps/shared/messaging/kafka/recovery.ts'

const still = { to: 'everything', kafkaAnswers: true } as const
const leftOut = (...partitions: number[]) => ({ to: partitions, kafkaAnswers: true })

describe('a process whose consumer is deaf', () => {
  let recovery: Recovery
  beforeEach(() => {
    recovery = new Recovery()
    recovery.joined([0, 1])
  })

  it.each([still, leftOut(0)])('is lost when the next one is as deaf, to $to', (deaf) => {
    expect(recovery.deaf(deaf)).toBe(false)
    expect(recovery.isLost).toBe(false)
    expect(recovery.deaf(deaf)).toBe(true)
    expect(recovery.isLost).toBe(true)
  })

  it('is not lost when its loop has come round for long in between', () => {
    recovery.deaf(still)
    recovery.goesRound()
    expect(recovery.deaf(still)).toBe(false)
    recovery.deaf(leftOut(0))
    recovery.goesRound()
    expect(recovery.deaf(leftOut(0))).toBe(true)
  })

  it('becomes lost once, and hears again when it does', () => {
    expect([1, 2, 3, 4].map(() => recovery.deaf(leftOut(0)))).toEqual([false, true, false, false])
    recovery.heard(0)
    expect(recovery.isLost).toBe(false)
    expect(recovery.deaf(leftOut(0, 1))).toBe(false)
    expect(recovery.deaf(leftOut(1))).toBe(true)
    recovery.heard(0)
    expect(recovery.isLost).toBe(true)
  })

  it('recovers when the next one hears anything of what it was deaf to', () => {
    recovery.deaf(still)
    recovery.heard(1)
    expect(recovery.deaf(still)).toBe(false)
    recovery.deaf(leftOut(0))
    recovery.heard(0)
    expect(recovery.deaf(leftOut(0))).toBe(false)
  })

  it('is lost when one partition stays left out, however much is heard of another', () => {
    recovery.deaf(leftOut(0))
    recovery.heard(1)
    expect(recovery.deaf(leftOut(0, 1))).toBe(true)
  })

  it('is not lost when the next one is deaf to something else', () => {
    recovery.deaf(leftOut(0))
    expect(recovery.deaf(leftOut(1))).toBe(false)
  })

  it('is not lost when the partition was somebody else’s meanwhile', () => {
    recovery.deaf(leftOut(0))
    recovery.joined([1])
    recovery.joined([0, 1])
    expect(recovery.deaf(leftOut(0))).toBe(false)
  })

  it('is not lost by a Kafka that answers nobody', () => {
    const away = { to: 'everything', kafkaAnswers: false } as const
    expect([away, away, away].map((deaf) => recovery.deaf(deaf))).toEqual([false, false, false])
    expect(recovery.deaf(still)).toBe(false)
  })
})
