import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { environmentFile, isOpenTelemetry, machineVariables, projectRoot } from '../../../config.ts'
import { didYouMean } from './nearest.ts'

/** What Compose interpolates has names of its own beside those of `.env.example`. */
const composeFiles = ['infra/docker/compose.yaml', 'infra/docker/compose.scale.yaml']

/** One line for each name in the `.env` of this process that nothing reads. */
export async function settingsWarnings(): Promise<readonly string[]> {
  if (environmentFile === undefined) return []
  const text = await readFile(environmentFile, 'utf8').catch(() => '')
  const warned = unknownSettings(Object.keys(parseEnv(text)), await knownSettings())
  return warned.map((warning) => `${environmentFile}: ${warning}`)
}

export function unknownSettings(names: readonly string[], known: readonly string[]): readonly string[] {
  return names
    .filter((name) => !isSetting(name, known))
    .map((name) => `nothing reads ${name}.${didYouMean(name, known)} .env.example lists what there is.`)
}

/** Whether a process of ours, OpenTelemetry's SDK or a tool of this machine reads it. */
export function isSetting(name: string, known: readonly string[]): boolean {
  return known.includes(name) || machineVariables.includes(name) || isOpenTelemetry(name)
}

export async function knownSettings(): Promise<readonly string[]> {
  const [example = '', ...compose] = await Promise.all(
    ['.env.example', ...composeFiles].map((path) => readFile(join(projectRoot, path), 'utf8')),
  )
  const described = namesIn(example, /^#? ?([A-Z][A-Z0-9_]*)=/gm)
  return [...new Set([...described, ...compose.flatMap((text) => namesIn(text, /\$\{([A-Z][A-Z0-9_]*)/g))])]
}

const namesIn = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].flatMap(([, name]) => (name === undefined ? [] : [name]))
