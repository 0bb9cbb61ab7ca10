import { describe, expect, it } from 'vitest'
import { closingLine, parseCounts, sumOf } from '../../support/counts.ts'

describe('the closing line of a run', () => {
  it.each([
    [{ passed: 12, failed: 0, skipped: 0 }, '12 passed, 0 failed'],
    [{ passed: 0, failed: 3, skipped: 2 }, '0 passed, 3 failed, 2 skipped'],
  ])('of %j is read as it is written', (counts, line) => {
    expect(closingLine(counts)).toBe(line)
    expect(parseCounts(`${line}\n`)).toEqual(counts)
  })

  it('is nothing else', () => {
    for (const line of ['', 'passed', '1 passed', 'x 1 passed, 0 failed']) expect(parseCounts(line)).toBeUndefined()
  })

  it('of several runs has their sums', () => {
    const one = { passed: 1, failed: 2, skipped: 0 }
    const other = { passed: 10, failed: 0, skipped: 5 }
    expect(sumOf([one, other])).toEqual({ passed: 11, failed: 2, skipped: 5 })
  })
})
