import { open } from 'node:fs/promises'
import { connect } from 'node:net'
import { familyProcessorMs } from './process-table.ts'
import { busyMaxMs, LineKinds, type Signs, StallDetector, type StallLimits } from './stall.ts'

/** A look reads files of /proc and opens a connection. It is not worth more of the machine than this. */
const looksPerStall = 30
const lookMaxMs = 1_000
const connectMaxMs = 1_000
const chunkBytes = 256 * 1024

export interface Watched {
  readonly logFile: string
  /** Where in its log the lines of this process begin: what earlier ones have logged is no difference. From now on unless known. */
  readonly logFrom?: number | undefined
  readonly port: number
  words?(): Promise<readonly string[]>
}

/** When a process that this one starts or ends last showed a sign: parts wait for each other, and the last one waits longest. */
let anyMovedAtMs = 0

/** Work of this process that others wait for, a download for instance, gets on. */
export function noteProgress(): void {
  anyMovedAtMs = performance.now()
}

/**
 * Takes the signs of a part of the stack now and then, and compares when this and every other part has shown one.
 * @returns a function that resolves with words when the part stands still, to be called again and again
 */
export function watchSigns(
  limits: StallLimits,
  everyMs: number,
  signsNow: () => Promise<Signs>,
): () => Promise<string | undefined> {
  const detector = new StallDetector(limits, performance.now())
  let lookedAtMs = -everyMs
  return async () => {
    const nowMs = performance.now()
    if (nowMs - lookedAtMs < everyMs) return undefined
    lookedAtMs = nowMs
    const stillness = detector.look(nowMs, await signsNow(), anyMovedAtMs)
    anyMovedAtMs = Math.max(anyMovedAtMs, detector.movedAtMs)
    return stillness
  }
}

/** Looks at a process from outside, at most once a second. */
export function watch(
  watched: Watched,
  pid: number,
  { stillMaxMs, busyMaxMs: busyMs = busyMaxMs }: Pick<StallLimits, 'stillMaxMs'> & Partial<StallLimits>,
): () => Promise<string | undefined> {
  const newLines = kindsOf(watched.logFile, watched.logFrom)
  const everyMs = Math.min(lookMaxMs, stillMaxMs / looksPerStall)
  return watchSigns({ stillMaxMs, busyMaxMs: busyMs }, everyMs, async () => {
    const [logKinds, words, isListening, worked] = await Promise.all([
      newLines(),
      watched.words?.() ?? [],
      listens(watched.port),
      familyProcessorMs(pid, lookMaxMs),
    ])
    return { logKinds, words: words.join('\n'), isListening, processorMs: worked }
  })
}

/** Reads what is appended to a log behind `from`, or from now on. */
function kindsOf(logFile: string, from: number | undefined): () => Promise<number> {
  const kinds = new LineKinds()
  let position = from
  return async () => {
    try {
      await using handle = await open(logFile)
      const { size } = await handle.stat()
      position ??= size
      // Shorter than it was: it has been rotated.
      if (size < position) position = 0
      const { bytesRead, buffer } = await handle.read({ buffer: Buffer.alloc(chunkBytes), position })
      position += bytesRead
      kinds.add(buffer.toString('utf8', 0, bytesRead))
    } catch {
      // A process that has not begun yet has no file.
    }
    return kinds.count
  }
}

async function listens(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(port, '127.0.0.1')
  socket.setTimeout(connectMaxMs)
  socket.once('connect', () => resolve(true))
  socket.once('timeout', () => resolve(false))
  socket.once('error', () => resolve(false))
  return await promise.finally(() => socket.destroy())
}
