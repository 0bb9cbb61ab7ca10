import { randomUUIDv7 } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseMessage, type Summary } from './message.ts'

export interface Mailbox {
  readonly size: number
  /** Resolves when it is on disk. Drops the oldest when there are too many or too much. */
  add(message: { from: string; to: readonly string[]; raw: Buffer }): Promise<Summary>
  /** Newest first. */
  list(filter: { to?: string | undefined; orderId?: string | undefined; limit: number }): readonly Summary[]
  /** As it came, behind the trace headers with its envelope. Undefined when there is none, or none any more. */
  raw(id: string): Promise<Buffer | undefined>
}

const extension = '.eml'

/** One file a message, named by a UUIDv7, so that names sort by time. What is known of each is read back from them. */
export async function openMailbox(
  directory: string,
  { maxMessages, maxBytes }: { maxMessages: number; maxBytes: number },
): Promise<Mailbox> {
  await mkdir(directory, { recursive: true })
  // In order of arrival, as a Map keeps it.
  const messages = new Map<string, Summary>()
  let bytes = 0
  const fileOf = (id: string) => join(directory, `${id}${extension}`)

  function remember(summary: Summary): void {
    messages.set(summary.id, summary)
    bytes += summary.bytes
  }
  async function dropOldest(): Promise<void> {
    for (const { id, bytes: freed } of messages.values()) {
      if (messages.size <= maxMessages && bytes <= maxBytes) return
      messages.delete(id)
      bytes -= freed
      await rm(fileOf(id), { force: true })
    }
  }

  for (const name of (await readdir(directory)).toSorted()) {
    if (!name.endsWith(extension)) await rm(join(directory, name), { force: true })
    else remember((await parseMessage(name.slice(0, -extension.length), await readFile(join(directory, name)))).summary)
  }
  await dropOldest()

  return {
    get size() {
      return messages.size
    },
    async add({ from, to, raw }) {
      const id = randomUUIDv7()
      const content = Buffer.concat([trace(from, to), raw])
      const { summary } = await parseMessage(id, content)
      await writeDurably(fileOf(id), content)
      remember(summary)
      await dropOldest()
      return summary
    },
    list({ to, orderId, limit }) {
      const address = to?.toLowerCase()
      const fits = (message: Summary) =>
        (address === undefined || message.to.some((recipient) => recipient.toLowerCase() === address)) &&
        (orderId === undefined || message.orderId === orderId)
      return [...messages.values()].filter(fits).slice(-limit).toReversed()
    },
    raw: async (id) => (messages.has(id) ? readFile(fileOf(id)).catch(() => undefined) : undefined),
  }
}

/** RFC 5321, 4.4: what a final delivery adds. The envelope says who gets it, whatever `To:` claims. */
function trace(from: string, to: readonly string[]): Buffer {
  const clean = (address: string) => address.replaceAll(/[\r\n<>]/g, '')
  return Buffer.from(
    [`Return-Path: <${clean(from)}>`, ...to.map((address) => `Delivered-To: ${clean(address)}`), ''].join('\r\n'),
  )
}

/** Whole or not at all: a crash leaves at most a file of another name, which the next start removes. */
async function writeDurably(path: string, content: Buffer): Promise<void> {
  const unfinished = `${path}.part`
  const file = await open(unfinished, 'wx')
  try {
    await file.writeFile(content)
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(unfinished, path)
}
