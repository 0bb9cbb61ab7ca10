import { expect, test } from 'vitest'
import { createLogger, createReadiness, waitFor } from '#runtime'
import { limitMs } from '../../support/limits.ts'

const lines: string[] = []
const log = createLogger({ service: 'test' }, { write: (line) => void lines.push(line) })

test('tries until it works, and meanwhile says what it waits for', async () => {
  const readiness = createReadiness()
  const reasons: unknown[] = []
  const result = await waitFor(
    'PostgreSQL at 127.0.0.1:15432',
    async () => {
      reasons.push(await readiness.report())
      if (reasons.length < 3) throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
      return 'there'
    },
    { log, readiness, signal: AbortSignal.timeout(limitMs(4_000)) },
  )
  expect(result).toBe('there')
  expect(reasons[1]).toEqual([{ name: 'PostgreSQL at 127.0.0.1:15432', reason: 'ECONNREFUSED' }])
  expect(await readiness.report()).toEqual([])
  expect(lines[0]).toContain('waiting for PostgreSQL at 127.0.0.1:15432: ECONNREFUSED')
})

test('gives up only when told to', async () => {
  const aborter = new AbortController()
  const waiting = waitFor('nobody', () => Promise.reject(new Error('no')), {
    log,
    readiness: createReadiness(),
    signal: aborter.signal,
  })
  aborter.abort(new Error('stopped'))
  await expect(waiting).rejects.toThrow('stopped')
})
