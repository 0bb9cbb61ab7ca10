import type { Log } from '#runtime'
import { type LineFile, openLineFile, type Position } from './line-file.ts'
import { type Entry, entrySchema } from './state.ts'

export type { Position } from './line-file.ts'

/** What was answered is in it, whatever kills the process afterwards. */
export type DurableRecord = LineFile<Entry>

export type OnEntry = (entry: Entry, position: Position) => void

export const openRecord = (
  directory: string,
  { onEntry, log }: { onEntry: OnEntry; log: Log },
): Promise<DurableRecord> =>
  openLineFile(directory, { name: 'gateway.jsonl', schema: entrySchema, onLine: onEntry, synced: true, log })
