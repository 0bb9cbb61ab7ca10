import { readFile } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import { z } from 'zod'

const count = z.coerce.number().int().positive()

/** What a first start fetches and keeps, as figures.env has it: the shell reads it before Node.js is there. */
const figures = z.object({
  node_wire_mb: count,
  node_disk_mb: count,
  packages: count,
  packages_wire_mb: count,
  packages_disk_mb: count,
  jars_files: count,
  jars_wire_mb: count,
  jars_disk_mb: count,
})
export type Figures = z.output<typeof figures>

export async function readFigures(): Promise<Figures> {
  return figures.parse(parseEnv(await readFile(new URL('./figures.env', import.meta.url), 'utf8')))
}
