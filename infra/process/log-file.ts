import { open } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

const bytesPerLine = 400
const pollMs = 200
/** Per poll; what is written faster is behind, not lost. */
const chunkBytes = 256 * 1024

/** The end of a log, at most `count` lines; nothing when there is no file. */
export async function lastLines(file: string, count: number): Promise<readonly string[]> {
  try {
    await using handle = await open(file)
    const { size } = await handle.stat()
    const length = Math.min(size, count * bytesPerLine)
    const { buffer } = await handle.read({ buffer: Buffer.alloc(length), position: size - length })
    return buffer.toString('utf8').trimEnd().split('\n').slice(-count)
  } catch {
    return []
  }
}

/** Calls back with each line that is written from now on. Does not return; throws when there is no file. */
export async function followFile(file: string, onLine: (line: string) => void): Promise<never> {
  const handle = await open(file)
  let position = (await handle.stat()).size
  let rest = ''
  const decoder = new TextDecoder()
  for (;;) {
    const { bytesRead, buffer } = await handle.read({ buffer: Buffer.alloc(chunkBytes), position })
    position += bytesRead
    const lines = (rest + decoder.decode(buffer.subarray(0, bytesRead), { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
    if (bytesRead === 0) await wait(pollMs)
  }
}
