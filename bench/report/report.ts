import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Machine } from '../measure/machine.ts'
import type { Findings } from '../parts/part.ts'

export interface Report {
  readonly machine: Machine
  readonly seed: number
  readonly parts: Readonly<Record<string, Findings>>
}

/** Writes `results.json`, `results.txt` and a plot each into the folder, over those of the last time. @returns the files */
export async function writeReport(folder: string, { machine, seed, parts }: Report): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true })
  const found = Object.entries(parts)
  const results = {
    machine,
    seed,
    parts: Object.fromEntries(found.map(([name, { figures, runs }]) => [name, { figures, runs }])),
  }
  const files = [
    ['results.json', `${JSON.stringify(results, undefined, 2)}\n`],
    ['results.txt', `${found.map(([, { text }]) => text).join('\n\n')}\n`],
    ...found.flatMap(([, { plots }]) => Object.entries(plots).map(([name, svg]) => [`${name}.svg`, svg] as const)),
  ] as const
  for (const [name, content] of files) await writeFile(join(folder, name), content)
  return files.map(([name]) => join(folder, name))
}
