import { beforeEach, describe, expect, it } from 'vitest'
import { Liveness } from '../../../apps/shared/messaging/kafka/liveness.ts'

describe('a consumer', () => {
  let now = 0
  let liveness: Liveness
  beforeEach(() => {
    now = 1_000
    liveness = new Liveness(() => now)
  })

  it('is deaf from its last fetch on, whatever its heartbeats say', () => {
    liveness.joined()
    now += 500
    liveness.fetched()
    now += 4_000
    liveness.heard()
    expect(liveness.deafMs()).toBe(4_000)
    expect(liveness.silentMs()).toBe(0)
  })

  it('is silent from its last heartbeat on, however often it asks in vain', () => {
    liveness.joined()
    now += 4_000
    liveness.fetched()
    expect(liveness.silentMs()).toBe(4_000)
    expect(liveness.deafMs()).toBe(0)
  })

  it('is not deaf before it has joined', () => {
    now += 60_000
    liveness.fetched()
    now += 60_000
    expect(liveness.deafMs()).toBe(0)
    liveness.joined()
    expect([liveness.deafMs(), liveness.silentMs()]).toEqual([0, 0])
  })

  it('knows for how long Kafka has answered nobody else, however often the group was answered', () => {
    liveness.joined()
    expect(liveness.unansweredMs()).toBe(Number.POSITIVE_INFINITY)
    liveness.answered()
    now += 3_000
    liveness.heard()
    expect(liveness.unansweredMs()).toBe(3_000)
  })

  it('is not deaf while it works, and has its time anew when it has worked', () => {
    liveness.joined()
    liveness.begins(0)
    now += 60_000
    expect(liveness.deafMs()).toBe(0)
    liveness.ends(0)
    now += 700
    expect(liveness.deafMs()).toBe(700)
  })
})
