import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { projectRoot } from '../config.ts'
import type { Settings } from '../process/settings-digest.ts'

/** Files of the checkout, by path: to be told from what they were when a component was started. */
export async function filesAsSettings(paths: readonly string[]): Promise<Settings> {
  const contents = paths.map(async (path) => [path, await readFile(join(projectRoot, path), 'utf8')] as const)
  return Object.fromEntries(await Promise.all(contents))
}
