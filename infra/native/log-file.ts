import { open } from 'node:fs/promises'

const bytesPerLine = 400

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
