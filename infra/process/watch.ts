import { open } from 'node:fs/promises'
import { connect } from 'node:net'
import { processorMs } from './process-table.ts'
import { busyMaxMs, LineKinds, StallDetector, type StallLimits } from './stall.ts'

/** A look reads files of /proc and opens a connection. It is not worth more of the machine than this. */
const looksPerStall = 30
const lookMaxMs = 1_000
const connectMaxMs = 1_000
const chunkBytes = 256 * 1024

export interface Watched {
  readonly logFile: string
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
 * Looks at a process from outside, at most once a second.
 * @returns a function that resolves with whether it stands still, to be called again and again
 */
export function watch(
  watched: Watched,
  pid: number,
  { stillMaxMs, busyMaxMs: busyMs = busyMaxMs }: Pick<StallLimits, 'stillMaxMs'> & Partial<StallLimits>,
): () => Promise<boolean> {
  const detector = new StallDetector({ stillMaxMs, busyMaxMs: busyMs }, performance.now())
  const newLines = kindsOf(watched.logFile)
  const everyMs = Math.min(lookMaxMs, stillMaxMs / looksPerStall)
  let lookedAtMs = -everyMs
  return async () => {
    const nowMs = performance.now()
    if (nowMs - lookedAtMs < everyMs) return false
    lookedAtMs = nowMs
    const [logKinds, words, isListening, worked] = await Promise.all([
      newLines(),
      watched.words?.() ?? [],
      listens(watched.port),
      processorMs(pid),
    ])
    const signs = { logKinds, words: words.join('\n'), isListening, processorMs: worked }
    const isStill = detector.look(nowMs, signs, anyMovedAtMs)
    anyMovedAtMs = Math.max(anyMovedAtMs, detector.movedAtMs)
    return isStill
  }
}

/** Reads what is appended to a log from now on. */
function kindsOf(logFile: string): () => Promise<number> {
  const kinds = new LineKinds()
  let position: number | undefined
  return async () => {
    try {
      await using handle = await open(logFile)
      const { size } = await handle.stat()
      // Shorter than it was: it has been rotated.
      if (position === undefined || size < position) position = Math.max(0, size - chunkBytes)
      const { bytesRead, buffer } = await handle.read({ buffer: Buffer.alloc(chunkBytes), position })
      position += bytesRead
      kinds.add(buffer.toString('utf8', 0, bytesRead))
    } catch {
      // A container writes no file, and a process that has not begun none yet.
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
