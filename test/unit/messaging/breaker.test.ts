import { describe, expect, it } from 'vitest'
import { Breaker } from '../../../apps/shared/messaging/consumer/breaker.ts'

const failing = (code: string, ...keys: string[]) => new Map(keys.map((key) => [key, code]))

describe('the breaker', () => {
  it('lets a batch pass in which a few of many fail alike', () => {
    expect(new Breaker().judge(100, failing('23514', 'a', 'b', 'c', 'd'))).toBeUndefined()
    expect(new Breaker().judge(26, failing('23514', 'a', 'b', 'c', 'd', 'e'))).toBeUndefined()
  })

  it('trips when five of one batch fail alike, and they are a fifth of it', () => {
    expect(new Breaker().judge(25, failing('23514', 'a', 'b', 'c', 'd', 'e'))).toBe('23514')
  })

  it('does not take failures of different kinds for one', () => {
    const failed = new Map([...failing('23514', 'a', 'b', 'c', 'd'), ...failing('TypeError', 'e', 'f', 'g', 'h')])
    expect(new Breaker().judge(8, failed)).toBeUndefined()
  })

  it('trips at the fifth key in a row, one batch after the other', () => {
    const breaker = new Breaker()
    const codes = ['a', 'b', 'c', 'd', 'e'].map((key) => breaker.judge(1, failing('TypeError', key)))
    expect(codes).toEqual([undefined, undefined, undefined, undefined, 'TypeError'])
  })

  it('does not count one key twice, however often it comes', () => {
    const breaker = new Breaker()
    for (let time = 0; time < 20; time += 1) expect(breaker.judge(1, failing('TypeError', 'a'))).toBeUndefined()
  })

  it('begins to count anew when a key is handled, or another code comes', () => {
    const breaker = new Breaker()
    breaker.judge(4, failing('TypeError', 'a', 'b', 'c', 'd'))
    breaker.judge(1, new Map())
    breaker.judge(9, failing('TypeError', 'w', 'x'))
    expect(breaker.judge(1, failing('TypeError', 'e'))).toBeUndefined()
    breaker.judge(4, failing('TypeError', 'k', 'l', 'm', 'n'))
    breaker.judge(25, failing('TypeError', 'o', 'p', 'q', 'r', 's'))
    expect(breaker.judge(1, failing('TypeError', 't'))).toBeUndefined()
    breaker.judge(3, failing('TypeError', 'f', 'g', 'h'))
    breaker.judge(1, failing('23505', 'i'))
    expect(breaker.judge(1, failing('TypeError', 'j'))).toBeUndefined()
  })
})
