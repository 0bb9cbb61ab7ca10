import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BenchConfig } from '../config.ts'
import type { Machine } from '../measure/machine.ts'
import type { Findings } from '../scenarios/part.ts'

export interface Report {
  readonly machine: Machine
  readonly config: BenchConfig
  readonly parts: Readonly<Record<string, Findings>>
}

/** Writes `results.json`, `results.txt` and a plot each into the folder, in place of all that is there. @returns the files */
export async function writeReport(folder: string, { machine, config, parts }: Report): Promise<readonly string[]> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const found = Object.entries(parts)
  const results = {
    machine,
    config,
    parts: Object.fromEntries(found.map(([name, { figures, runs }]) => [name, { figures, runs }])),
  }
  const { cpu, cores, memoryGiB, os, commit, date } = machine
  const heading = `${cores} × ${cpu}, ${memoryGiB} GiB, ${os}; commit ${commit}, seed ${config.SEED}, scale ${config.SCALE}, ${date}`
  const files = [
    ['results.json', `${JSON.stringify(results, undefined, 2)}\n`],
    ['results.txt', `${[heading, ...found.map(([, { text }]) => text)].join('\n\n')}\n`],
    ...found.flatMap(([, { plots }]) => Object.entries(plots).map(([name, svg]) => [`${name}.svg`, svg] as const)),
  ] as const
  for (const [name, content] of files) await writeFile(join(folder, name), content)
  return files.map(([name]) => join(folder, name))
}
