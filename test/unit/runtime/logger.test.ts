import { expect, test } from 'vitest'
import { createLogger, describeError } from '#runtime'

function written(say: (log: ReturnType<typeof createLogger>) => void): unknown {
  const lines: string[] = []
  say(createLogger({ service: 'order' }, { write: (line) => void lines.push(line) }))
  return JSON.parse(lines[0] ?? '')
}

test('writes RFC 3339 times, the level as a word and the service', () => {
  expect(written((log) => log.info('hello'))).toMatchObject({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    level: 'info',
    service: 'order',
    msg: 'hello',
  })
})

test('keeps secrets out of the line', () => {
  const line = JSON.stringify(
    written((log) => log.info({ headers: { authorization: 'Bearer x1' }, password: 'x2' }, 'in')),
  )
  expect(line).not.toMatch(/x1|x2/)
})

test('says the SQLSTATE of a database error, and not the row that it quotes', () => {
  const err = Object.assign(new Error('duplicate key'), {
    code: '23505',
    constraint: 'orders_pkey',
    detail: 'ann@example.org',
  })
  const line = written((log) => log.error({ err: new Error('no', { cause: err }) }, 'failed'))
  expect(line).toMatchObject({ err: { cause: { code: '23505', constraint: 'orders_pkey' } } })
  expect(JSON.stringify(line)).not.toContain('ann@')
})

test.each([
  [Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
  [Object.assign(new Error('starting up'), { code: '57P03' }), '57P03 starting up'],
  [new Error('no'), 'no'],
])('describes an error in a few words', (error, words) => {
  expect(describeError(error)).toBe(words)
})
