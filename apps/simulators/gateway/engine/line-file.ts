import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import type { Log } from '#runtime'

/** Where a line lies in the file, in bytes. */
export interface Position {
  readonly offset: number
  readonly length: number
}

/** An append-only file of JSON lines. */
export interface LineFile<Line> {
  /** How many lines were there when it was opened. */
  readonly entries: number
  /** Resolves once the line is written, and on disk if `synced`. Concurrent callers share one fsync. Never rejects. */
  append(line: Line): Promise<Position>
  /** Resolves once all that was appended before is on disk: what nobody may see yet is not shown to readers. */
  flushed(): Promise<void>
  read(position: Position): Promise<Line>
  close(): Promise<void>
}

export interface LineFileOptions<Line> {
  readonly name: string
  readonly schema: z.ZodType<Line>
  /** Each line that is there, at the start. */
  readonly onLine: (line: Line, position: Position) => void
  /** Whether a power failure must not take a line back either. SIGKILL never does. */
  readonly synced: boolean
  readonly log: Log
}

const chunkBytes = 1024 * 1024

/**
 * Replays the file through `onLine` and opens it for more. A last line without its end was never answered (SIGKILL in
 * mid-write) and is cut off; any other line that does not parse is damage, and throws. A write or fsync that fails
 * ends the process by an unhandled rejection: the kernel may have dropped the pages, so asking again proves nothing.
 */
export async function openLineFile<Line>(directory: string, options: LineFileOptions<Line>): Promise<LineFile<Line>> {
  const { name, schema, synced, log } = options
  await mkdir(directory, { recursive: true })
  const file = await open(join(directory, name), 'a+')
  const { size } = await file.stat()
  const { end, entries } = await replay(file, options)
  if (end < size) {
    log.warn({ file: name, bytes: size - end }, 'cut a torn line off the record')
    await file.truncate(end)
  }
  await file.sync()
  await syncDirectory(directory)
  const commit = groupCommit<Line>(file, { end, synced })
  return { entries, ...commit, read: (position) => readLine(file, position, schema) }
}

async function replay<Line>(file: FileHandle, { name, schema, onLine }: LineFileOptions<Line>) {
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
      onLine(parse(chunk.toString('utf8', from, to), schema, `Line ${entries + 1} of ${name} is damaged`), {
        offset,
        length,
      })
      entries += 1
      offset += length
      from = to + 1
    }
    rest = chunk.subarray(from)
  }
}

function parse<Line>(text: string, schema: z.ZodType<Line>, complaint: string): Line {
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new Error(complaint, { cause })
  }
}

async function readLine<Line>(file: FileHandle, { offset, length }: Position, schema: z.ZodType<Line>): Promise<Line> {
  const { buffer } = await file.read(Buffer.alloc(length), 0, length, offset)
  return schema.parse(JSON.parse(buffer.toString('utf8')))
}

/** While one group is being written and synced the next one gathers: under load there are few syncs for many lines. */
function groupCommit<Line>(
  file: FileHandle,
  { end: before, synced }: { end: number; synced: boolean },
): Pick<LineFile<Line>, 'append' | 'flushed' | 'close'> {
  let end = before
  let gathering = newGroup()
  let writing = Promise.resolve()
  let running = false

  async function run(): Promise<void> {
    while (gathering.lines.length > 0) {
      const group = gathering
      gathering = newGroup()
      writing = group.written
      await file.appendFile(group.lines.join(''))
      if (synced) await file.datasync()
      group.resolve()
    }
    running = false
  }

  const flushed = () => (gathering.lines.length > 0 ? gathering.written : writing)
  return {
    flushed,
    append(value) {
      const line = `${JSON.stringify(value)}\n`
      const position = { offset: end, length: Buffer.byteLength(line) }
      end += position.length
      gathering.lines.push(line)
      const { written } = gathering
      if (!running) {
        running = true
        // After the requests that are being read in this turn of the event loop, so that they join.
        setImmediate(() => void run())
      }
      return written.then(() => position)
    },
    async close() {
      await flushed()
      await file.close()
    },
  }
}

function newGroup() {
  const { promise: written, resolve } = Promise.withResolvers<void>()
  const lines: string[] = []
  return { lines, written, resolve }
}

/** A new file is found after a power failure only when its directory is on disk too. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory)
  await handle.sync()
  await handle.close()
}
