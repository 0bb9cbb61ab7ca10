import { describe, expect, it } from 'vitest'
import { parseExactly } from '../../../apps/shared/runtime/exact-json.ts'

describe('JSON of a request', () => {
  it.each([
    ['12', 12],
    ['-3', -3],
    ['9007199254740991', 9_007_199_254_740_991],
    ['12.5', 12.5],
    ['{"a":[1,"1.0",null,true]}', { a: [1, '1.0', null, true] }],
  ])('%s is what it says', (text, value) => {
    expect(parseExactly(text)).toEqual(value)
  })

  it.each(['9007199254740990.6', '4503599627370497.4', '1290.00000000000000001', '10.0', '1e3', '1e400'])(
    '%s is no integer that a float made of it',
    (text) => {
      expect(Number.isInteger(parseExactly(text))).toBe(false)
    },
  )
})
