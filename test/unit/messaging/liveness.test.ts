import { beforeEach, describe, expect, it } from 'vitest'
import { Liveness } from '../../../apps/shared/messaging/liveness.ts'

const none = new Set<number>()

describe('a consumer', () => {
  let now = 0
  let liveness: Liveness
  beforeEach(() => {
    now = 1_000
    liveness = new Liveness(() => now)
  })

  it('is deaf from its last fetch on, whatever its heartbeats say', () => {
    liveness.assigned([0, 1])
    now += 500
    liveness.fetched()
    now += 4_000
    liveness.heard()
    expect(liveness.deafMs(none)).toBe(4_000)
    expect(liveness.silentMs()).toBe(0)
  })

  it('is not deaf without a partition, or with none that it wants to hear', () => {
    now += 60_000
    expect(liveness.deafMs(none)).toBe(0)
    liveness.assigned([0, 1])
    now += 60_000
    expect(liveness.deafMs(new Set([0, 1]))).toBe(0)
    expect(liveness.deafMs(new Set([0]))).toBe(60_000)
  })

  it('is not deaf while it works, and has its time anew when it has worked', () => {
    liveness.assigned([0])
    liveness.begins(0)
    now += 60_000
    expect(liveness.deafMs(none)).toBe(0)
    liveness.ends(0)
    now += 700
    expect(liveness.deafMs(none)).toBe(700)
  })

  it('has its time anew when it joins', () => {
    now += 60_000
    liveness.assigned([0])
    expect(liveness.deafMs(none)).toBe(0)
    expect(liveness.silentMs()).toBe(0)
  })
})
