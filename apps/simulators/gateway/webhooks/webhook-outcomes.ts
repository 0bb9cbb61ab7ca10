import { z } from 'zod'
import type { Log } from '#runtime'
import { type LineFile, openLineFile } from '../engine/line-file.ts'

const outcomeSchema = z.object({
  event: z.string(),
  at: z.iso.datetime(),
  /** Lost: that was asked for. */
  outcome: z.enum(['delivered', 'gaveUp', 'lost']),
  attempts: z.int(),
})

export type Outcome = Readonly<z.infer<typeof outcomeSchema>>

/**
 * What became of events that were to be delivered. It is written without fsync: SIGKILL takes nothing back, and what a
 * power failure does is delivered once more, for which a receiver has to be ready anyway.
 */
export async function openOutcomes(
  directory: string,
  log: Log,
): Promise<{ file: LineFile<Outcome>; known: ReadonlyMap<string, Outcome> }> {
  const known = new Map<string, Outcome>()
  const file = await openLineFile(directory, {
    name: 'webhooks.jsonl',
    schema: outcomeSchema,
    onLine: (line) => void known.set(line.event, line),
    synced: false,
    log,
  })
  return { file, known }
}
