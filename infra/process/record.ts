import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { keptSettings } from './settings-digest.ts'

/** One after the other until the process is gone; the next one when it stands still for so long. */
const endSignals = z.array(z.object({ signal: z.enum(['SIGTERM', 'SIGINT', 'SIGQUIT']), stillMaxMs: z.number() }))
export type EndSignals = Readonly<z.infer<typeof endSignals>>

/** What is kept of a daemon that was started. The first three fields say which process it is; older records have no more. */
const record = z.object({
  pid: z.number().int().positive(),
  mark: z.string(),
  port: z.number().int(),
  settings: keptSettings.optional(),
  command: z.array(z.string()).optional(),
  /** Length of its log when it was started. */
  logFrom: z.number().int().optional(),
  /** How it wants to be ended: that depends on what it was started with. */
  endSignals: endSignals.optional(),
})
export type Recorded = z.infer<typeof record>

/** The process that was started last, dead or alive. */
export async function recall({ recordFile }: { readonly recordFile: string }): Promise<Recorded | undefined> {
  try {
    return record.parse(JSON.parse(await readFile(recordFile, 'utf8')))
  } catch {
    // Absent, or cut off by a power cut: records are renamed into place.
    return undefined
  }
}

/** For this user alone: digests of keys and their salt stand in it, and short keys can be found by trying. */
export function writeRecord(recordFile: string, recorded: Recorded): void {
  const aside = `${recordFile}.new`
  // A file that is there keeps its mode.
  rmSync(aside, { force: true })
  writeFileSync(aside, JSON.stringify(recorded, null, 2), { mode: 0o600 })
  renameSync(aside, recordFile)
}
