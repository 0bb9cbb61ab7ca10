import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Machine } from '../measure/machine.ts'
import type { Run } from '../system.ts'

export interface Results {
  readonly machine: Machine
  /** Void ones too: what went wrong is a result. */
  readonly runs: readonly Run[]
}

/** Writes them for people and programs to read, in one step: a reader never sees half a file. Folders are made. */
export async function writeResults(file: string, results: Results): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const unfinished = `${file}.${process.pid}.part`
  await writeFile(unfinished, `${JSON.stringify(results, undefined, 2)}\n`)
  await rename(unfinished, file)
}
