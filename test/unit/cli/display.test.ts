import { PassThrough } from 'node:stream'
import { WriteStream } from 'node:tty'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { bad, faint, good } from '../../../infra/cli/support/display/color.ts'
import { crashAhead } from '../../../infra/cli/support/display/explanation.ts'
import { allIsWell } from '../../../infra/cli/support/display/verdict.ts'
import { slowOnes, waitingText } from '../../../infra/cli/support/display/waiting.ts'

/** Asks the environment for colors as a terminal does. */
const terminal = () =>
  Object.assign(new PassThrough(), { isTTY: true, getColorDepth: () => WriteStream.prototype.getColorDepth() })
const pipe = () => new PassThrough()

describe('colors', () => {
  beforeEach(() => {
    vi.stubEnv('FORCE_COLOR', undefined)
    vi.stubEnv('NO_COLOR', undefined)
    vi.stubEnv('NODE_DISABLE_COLORS', undefined)
    vi.stubEnv('CI', undefined)
    vi.stubEnv('TERM', 'xterm-256color')
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  it('are there on a terminal', () => {
    expect(good('paid', terminal())).toBe('\u001B[32mpaid\u001B[39m')
    expect(bad('killed', terminal())).toBe('\u001B[31mkilled\u001B[39m')
    expect(faint('4 ms', terminal())).toBe('\u001B[2m4 ms\u001B[22m')
  })

  it('are not there elsewhere, nor with NO_COLOR', () => {
    expect([good, bad, faint].map((color) => color('text', pipe()))).toEqual(['text', 'text', 'text'])
    vi.stubEnv('NO_COLOR', '1')
    expect(good('paid', terminal())).toBe('paid')
  })
})

describe('the line of what is waited for', () => {
  const awaited = [
    { name: 'kafka', sinceMs: 1_000 },
    { name: 'relay', sinceMs: 5_500 },
  ]

  it('names each part that has taken two seconds, since when, and what it says itself', () => {
    expect(slowOnes(awaited, 2_999)).toEqual([])
    expect(slowOnes(awaited, 7_499).map(({ name }) => name)).toEqual(['kafka'])
    const slow = slowOnes(awaited, 8_000)
    const words = new Map([['relay', ['connector: Kafka Connect does not answer']]])
    expect(waitingText(slow, words, 8_000)).toBe(
      'waiting for kafka (7 s), relay (3 s); relay: connector: Kafka Connect does not answer',
    )
    expect(waitingText([], words, 8_000)).toBe('')
  })
})

describe('the last line', () => {
  it('says how much runs and after how long', () => {
    expect(allIsWell({ processes: 9, ms: 6_140, warnings: 0 }, '6 orders paid')).toBe(
      'All is well: 9 processes ready after 6.1 s, 6 orders paid.',
    )
    expect(allIsWell({ processes: 1, ms: 100, warnings: 0 })).toBe('All is well: 1 process ready after 0.1 s.')
  })

  it('does not call well what was warned of', () => {
    expect(allIsWell({ processes: 9, ms: 6_140, warnings: 1 })).toBe(
      'Everything runs, with 1 warning above: 9 processes ready after 6.1 s.',
    )
  })
})

describe('what is said before the crash', () => {
  it('names the session time-out that is in use', () => {
    expect(crashAhead('payment', 2_000).join(' ')).toContain('silent for 2 s (KAFKA_SESSION_TIMEOUT_MS)')
    expect(crashAhead('payment', 7_500).join(' ')).toContain('silent for 7.5 s')
  })
})
