import { execFile } from 'node:child_process'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { failureInWords } from '../../../infra/cli/support/failure.ts'
import { refusalInWords } from '../../../infra/cli/support/refusal.ts'

describe('a failure, for a person', () => {
  it('says that nothing answers, however deep the library has wrapped it', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' })
    expect(failureInWords(new TypeError('fetch failed', { cause: refused }))).toContain('make up starts everything')
    expect(failureInWords(new Error('Connection error: connect ECONNREFUSED 127.0.0.1:1'))).toContain('make up')
  })

  it('is what the cause says where the message says nothing', () => {
    const cause = new Error('other side closed')
    expect(failureInWords(new TypeError('fetch failed', { cause }))).toBe('other side closed')
    expect(failureInWords(new AggregateError([new Error('one'), new Error('two')]))).toBe('one\ntwo')
  })

  it('names each field instead of dumping what zod found', () => {
    const { error } = z.object({ orders: z.array(z.object({ id: z.string() })) }).safeParse({ orders: [{ id: 7 }] })
    expect(failureInWords(error)).toBe(
      'An answer has another form than this version expects:\n  orders.0.id: Invalid input: expected string, received number',
    )
  })

  it('shows an error of PostgreSQL as psql does', () => {
    const error = Object.assign(new pg.DatabaseError('relation "x" does not exist', 1, 'error'), {
      severity: 'ERROR',
      code: '42P01',
      position: '15',
      hint: 'Look elsewhere.',
    })
    expect(failureInWords(error)).toBe(
      'PostgreSQL answers ERROR 42P01: relation "x" does not exist (at character 15)\n  Look elsewhere.',
    )
  })

  it('names a program that is missing', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    execFile('no-such-program', (error) => resolve(error))
    expect(failureInWords(await promise)).toBe(
      'no-such-program cannot be run: it is not installed, or not on the PATH.',
    )
  })

  it('is one line where no answer came in time', () => {
    expect(failureInWords(new DOMException('The operation was aborted due to timeout', 'TimeoutError'))).toMatch(
      /^No answer came in time\./,
    )
  })
})

describe('what a service refuses', () => {
  it('is told by title, detail and field of its problem document', () => {
    const text = JSON.stringify({
      title: 'The request is not valid',
      detail: 'Look again',
      errors: [
        { field: 'items[0].quantity', detail: 'must be 1 or more' },
        { field: '', detail: 'costs nothing' },
      ],
    })
    expect(refusalInWords({ service: 'order', status: 400, text })).toBe(
      'The order service answers 400: The request is not valid. Look again\n  items[0].quantity: must be 1 or more\n  costs nothing',
    )
  })

  it('points at the settings where the key is not accepted', () => {
    const text = JSON.stringify({ title: 'No valid API key' })
    expect(refusalInWords({ service: 'payment', status: 401, text })).toContain(
      'make up restarts it with those of .env',
    )
  })

  it('is cut off where it is no problem document', () => {
    const shown = refusalInWords({ service: 'order', status: 502, text: '<html>'.repeat(1_000) })
    expect(shown).toMatch(/^The order service answers 502: <html>/)
    expect(shown.length).toBeLessThan(300)
  })
})
