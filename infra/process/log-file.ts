import { open } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

const bytesPerLine = 400
const pollMs = 200
/** At once; what is written faster is behind, not lost. */
const chunkBytes = 256 * 1024

/** Where rotate-logs.sh keeps what was in a log before it was emptied. */
const rotated = (file: string): string => `${file}.1`

/** The end of a log, at most `count` lines, also of what was rotated away; nothing when there is no file. */
export async function lastLines(file: string, count: number): Promise<readonly string[]> {
  const { lines, isWhole } = await tail(file, count)
  if (!isWhole || lines.length >= count) return lines
  const earlier = await tail(rotated(file), count - lines.length)
  return [...earlier.lines, ...lines]
}

interface Tail {
  readonly lines: readonly string[]
  /** Whether the file has no more than these, so that those before them are elsewhere. */
  readonly isWhole: boolean
}

async function tail(file: string, count: number): Promise<Tail> {
  try {
    await using handle = await open(file)
    const { size } = await handle.stat()
    const length = Math.min(size, count * bytesPerLine)
    const { buffer } = await handle.read({ buffer: Buffer.alloc(length), position: size - length })
    const text = buffer.toString('utf8').trimEnd()
    return { lines: text === '' ? [] : text.split('\n').slice(-count), isWhole: length === size }
  } catch {
    return { lines: [], isWhole: false }
  }
}

/** Calls back with each line that is written from now on, however often the log is rotated. Does not return; throws when there is no file. */
export async function followFile(file: string, onLine: (line: string) => void): Promise<never> {
  await using handle = await open(file)
  let position = (await handle.stat()).size
  const lines = new Lines(onLine)
  for (;;) {
    const bytes = await chunkAt(handle, position)
    lines.add(bytes)
    position += bytes.length
    if (bytes.length > 0) continue
    if ((await handle.stat()).size < position) {
      await drain(rotated(file), position, lines)
      position = 0
    } else await wait(pollMs)
  }
}

/** What was written after the last look, and was copied before the log was emptied. */
async function drain(file: string, from: number, lines: Lines): Promise<void> {
  try {
    await using handle = await open(file)
    let position = from
    for (;;) {
      const bytes = await chunkAt(handle, position)
      if (bytes.length === 0) return
      lines.add(bytes)
      position += bytes.length
    }
  } catch {
    // Emptied by something that keeps no copy.
  }
}

type Readable = Awaited<ReturnType<typeof open>>

async function chunkAt(handle: Readable, position: number): Promise<Uint8Array> {
  const { bytesRead, buffer } = await handle.read({ buffer: Buffer.alloc(chunkBytes), position })
  return buffer.subarray(0, bytesRead)
}

/** Puts lines together from chunks that end anywhere, in the middle of a character too. */
class Lines {
  readonly #onLine: (line: string) => void
  readonly #decoder = new TextDecoder()
  #rest = ''

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  add(bytes: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#onLine(line)
  }
}
