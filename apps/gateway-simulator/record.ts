import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '#runtime'
import { type Entry, entrySchema } from './state.ts'

/** Where a line lies in the file, in bytes. */
export interface Position {
  readonly offset: number
  readonly length: number
}

/** An append-only file of JSON lines: what was answered is in it, whatever kills the process afterwards. */
export interface DurableRecord {
  /** How many lines were there when it was opened. */
  readonly entries: number
  /** Resolves once the line is on disk. Lines of concurrent callers share one fsync. Never rejects: see `openRecord`. */
  append(entry: Entry): Promise<Position>
  /** Resolves once all that was appended before is on disk: what nobody may see yet is not shown to readers. */
  flushed(): Promise<void>
  read(position: Position): Promise<Entry>
  close(): Promise<void>
}

export type OnEntry = (entry: Entry, position: Position) => void

const fileName = 'gateway.jsonl'
const chunkBytes = 1024 * 1024

/**
 * Replays the file through `onEntry` and opens it for more. A last line without its end was never answered (SIGKILL in
 * mid-write) and is cut off; any other line that does not parse is damage, and throws. A write or fsync that fails
 * ends the process by an unhandled rejection: the kernel may have dropped the pages, so asking again proves nothing.
 */
export async function openRecord(
  directory: string,
  { onEntry, log }: { onEntry: OnEntry; log: Log },
): Promise<DurableRecord> {
  await mkdir(directory, { recursive: true })
  const file = await open(join(directory, fileName), 'a+')
  const { size } = await file.stat()
  const { end, entries } = await replay(file, onEntry)
  if (end < size) {
    log.warn({ bytes: size - end }, 'cut a torn line off the record')
    await file.truncate(end)
  }
  await file.sync()
  await syncDirectory(directory)
  return { entries, ...groupCommit(file, end), read: (position) => readEntry(file, position) }
}

async function replay(file: FileHandle, onEntry: OnEntry) {
  const buffer = Buffer.alloc(chunkBytes)
  let rest = Buffer.alloc(0)
  let offset = 0
  let entries = 0
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, chunkBytes, at)
    if (bytesRead === 0) return { end: offset, entries }
    at += bytesRead
    const chunk = Buffer.concat([rest, buffer.subarray(0, bytesRead)])
    let from = 0
    for (let to = chunk.indexOf(10); to >= 0; to = chunk.indexOf(10, from)) {
      const length = to + 1 - from
      onEntry(parseEntry(chunk.toString('utf8', from, to), entries + 1), { offset, length })
      entries += 1
      offset += length
      from = to + 1
    }
    rest = chunk.subarray(from)
  }
}

function parseEntry(line: string, number: number): Entry {
  try {
    return entrySchema.parse(JSON.parse(line))
  } catch (cause) {
    throw new Error(`Line ${number} of the record is damaged`, { cause })
  }
}

async function readEntry(file: FileHandle, { offset, length }: Position): Promise<Entry> {
  const { buffer } = await file.read(Buffer.alloc(length), 0, length, offset)
  return entrySchema.parse(JSON.parse(buffer.toString('utf8')))
}

/** While one group is being written and synced the next one gathers: under load there are few syncs for many lines. */
function groupCommit(file: FileHandle, end: number): Pick<DurableRecord, 'append' | 'flushed' | 'close'> {
  let gathering = newGroup()
  let syncing = Promise.resolve()
  let running = false

  async function run(): Promise<void> {
    while (gathering.lines.length > 0) {
      const group = gathering
      gathering = newGroup()
      syncing = group.synced
      await file.appendFile(group.lines.join(''))
      await file.datasync()
      group.resolve()
    }
    running = false
  }

  const flushed = () => (gathering.lines.length > 0 ? gathering.synced : syncing)
  return {
    flushed,
    append(entry) {
      const line = `${JSON.stringify(entry)}\n`
      const position = { offset: end, length: Buffer.byteLength(line) }
      end += position.length
      gathering.lines.push(line)
      const { synced } = gathering
      if (!running) {
        running = true
        // After the requests that are being read in this turn of the event loop, so that they join.
        setImmediate(() => void run())
      }
      return synced.then(() => position)
    },
    async close() {
      await flushed()
      await file.close()
    },
  }
}

function newGroup() {
  const { promise: synced, resolve } = Promise.withResolvers<void>()
  const lines: string[] = []
  return { lines, synced, resolve }
}

/** A new file is found after a power failure only when its directory is on disk too. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory)
  await handle.sync()
  await handle.close()
}
