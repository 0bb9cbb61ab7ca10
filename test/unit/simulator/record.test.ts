import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { createLogger } from '#runtime'
import { type DurableRecord, openRecord } from '../../../apps/simulators/gateway/engine/record.ts'
import type { Entry } from '../../../apps/simulators/gateway/engine/state.ts'

const log = createLogger({ service: 'test', level: 'silent' })
let directory: string
let file: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'record-'))
  file = join(directory, 'gateway.jsonl')
  onTestFinished(() => rm(directory, { recursive: true }))
})

const entry = (name: string): Entry => ({
  at: '2026-11-22T10:00:00.000Z',
  did: 'refused',
  error: { status: 400, type: 'invalid_request_error', message: `nö ${name}` },
  key: { name, fingerprint: 'f' },
})

async function reopened(): Promise<{ record: DurableRecord; names: unknown[] }> {
  const names: unknown[] = []
  const record = await openRecord(directory, { onEntry: ({ key }) => void names.push(key?.name), log })
  onTestFinished(() => record.close())
  return { record, names }
}

test('has on disk what it has said is there, in order', async () => {
  const { record } = await reopened()
  await Promise.all(['a', 'b', 'c'].map((name) => record.append(entry(name))))
  expect((await readFile(file, 'utf8')).match(/"name":"\w"/g)).toEqual(['"name":"a"', '"name":"b"', '"name":"c"'])
  expect((await reopened()).names).toEqual(['a', 'b', 'c'])
})

test('reads a line again by its position, also one from before', async () => {
  const { record } = await reopened()
  await record.append(entry('a'))
  const positions: Parameters<typeof record.read>[0][] = []
  const second = await openRecord(directory, { onEntry: (_entry, position) => void positions.push(position), log })
  onTestFinished(() => second.close())
  positions.push(await second.append(entry('ü')))
  expect(await Promise.all(positions.map((position) => second.read(position)))).toEqual([entry('a'), entry('ü')])
})

test('cuts a torn last line off and goes on behind the whole ones', async () => {
  const { record } = await reopened()
  await record.append(entry('a'))
  await appendFile(file, JSON.stringify(entry('torn')).slice(0, 40))
  const { record: second, names } = await reopened()
  expect(names).toEqual(['a'])
  await second.append(entry('b'))
  expect((await reopened()).names).toEqual(['a', 'b'])
})

test('refuses a record that is damaged in the middle, and names the line', async () => {
  await writeFile(file, `${JSON.stringify(entry('a'))}\nnonsense\n${JSON.stringify(entry('b'))}\n`)
  await expect(reopened()).rejects.toThrow('Line 2 of gateway.jsonl is damaged')
})

test('replays lines that do not fit into one chunk', async () => {
  const long = JSON.stringify(entry('x'.repeat(700_000)))
  await writeFile(file, `${long}\n${long}\n${long}\n${JSON.stringify(entry('last'))}\n`)
  expect((await reopened()).names.at(-1)).toBe('last')
})

test('tells readers when all that was appended is on disk', async () => {
  const { record } = await reopened()
  let synced = false
  const appended = record.append(entry('a')).then(() => {
    synced = true
  })
  await record.flushed()
  await appended
  expect(synced).toBe(true)
})

test('reads a record from before there were events and refunds that settle', async () => {
  const refund = { id: 're_1', intentId: 'pi_1', chargeId: 'ch_1', amount: 5, currency: 'eur' }
  const line = {
    at: '2026-11-22T10:00:00.000Z',
    did: 'refunded',
    refund: { ...refund, reason: null, metadata: {}, created: 1 },
  }
  await writeFile(file, `${JSON.stringify(line)}\n`)
  const entries: Entry[] = []
  const record = await openRecord(directory, { onEntry: (each) => void entries.push(each), log })
  onTestFinished(() => record.close())
  expect(entries).toMatchObject([{ refund: { status: 'succeeded' } }])
})
