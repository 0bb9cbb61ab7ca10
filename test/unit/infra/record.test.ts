import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { recall, writeRecord } from '../../../infra/process/record.ts'

describe('the record of a daemon', () => {
  let directory: string
  let recordFile: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'paysaga-record-'))
    recordFile = join(directory, 'example.json')
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  const started = { pid: 12, mark: 'boot/34', port: 5432 }

  it('can be read by this user alone, whatever an earlier one could', async () => {
    for (const file of [recordFile, `${recordFile}.new`]) await writeFile(file, '{}', { mode: 0o644 })
    writeRecord(recordFile, { ...started, settings: { salt: 'salt', digests: { API_KEYS: 'digest' } } })
    expect((await stat(recordFile)).mode & 0o777).toBe(0o600)
    expect(await readFile(recordFile, 'utf8')).toContain('salt')
  })

  it('says how the process wants to be ended and where its log begins', async () => {
    const how = { logFrom: 17, endSignals: [{ signal: 'SIGTERM' as const, stillMaxMs: 90_000 }] }
    writeRecord(recordFile, { ...started, ...how })
    expect(await recall({ recordFile })).toEqual({ ...started, ...how })
  })

  it('of an older version says at least which process it is', async () => {
    await writeFile(recordFile, JSON.stringify(started))
    expect(await recall({ recordFile })).toEqual(started)
  })
})
