import { describe, expect, it } from 'vitest'
import { ProgressLine } from '../../../infra/cli/support/display/progress-line.ts'

function lineOn(terminal: boolean, columns = 80) {
  const written: string[] = []
  let now = 1_000
  const stream = { isTTY: terminal, columns, write: (text: string) => written.push(text) }
  const line = new ProgressLine({ stream, nowMs: () => now })
  return {
    line,
    written,
    after: (ms: number) => {
      now += ms
    },
  }
}

describe('the line of progress', () => {
  it('is a line of its own every five seconds where there is no terminal', () => {
    const { line, written, after } = lineOn(false)
    for (let done = 0; done < 12; done += 1) {
      line.show(`${done} of 12`)
      after(1_000)
    }
    line.end()
    expect(written).toEqual(['[  0 s] 0 of 12\n', '[  5 s] 5 of 12\n', '[ 10 s] 10 of 12\n'])
  })

  it('is written over on a terminal, no longer than that is wide, and goes at the end', () => {
    const { line, written, after } = lineOn(true, 14)
    line.show('1 of 2 and so on')
    after(100)
    line.show('too soon')
    after(200)
    line.show('2 of 2')
    line.end()
    expect(written).toEqual(['\r\u001B[2K[  0 s] 1 of ', '\r\u001B[2K[  0 s] 2 of ', '\r\u001B[2K'])
  })

  it('leaves no control sequence where there is no terminal', () => {
    const { line, written } = lineOn(false)
    line.show('working')
    line.clear()
    line.end()
    expect(written.join('')).not.toContain('\u001B')
  })
})
