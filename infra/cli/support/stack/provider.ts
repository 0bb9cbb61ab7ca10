import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { InfraConfig } from '../../../config.ts'
import { engineAnswers } from '../../../docker/engine.ts'
import { openStack } from '../../../index.ts'
import { missingTools } from '../../../native/prerequisites.ts'
import { type Provider, providers } from '../../../stack.ts'

/**
 * What the stack runs on: what STACK says; else what it was started on last; else processes where Java and Maven are, else
 * Docker where an engine answers. Throws with both ways when there is neither, and when STACK says another one than what
 * runs now, for then nothing that is done would reach that.
 */
export async function chooseProvider({ provider: asked, stack }: InfraConfig): Promise<Provider> {
  const last = (await usedProviders(stack.directory)).at(-1)
  if (asked !== undefined && last !== undefined && asked !== last) {
    const states = await openStack({ ...stack, provider: last }).status()
    if (states.some(({ state }) => state !== 'stopped')) {
      const [running, wanted] = [words[last], words[asked]]
      throw new Error(`The stack runs on ${running}, and STACK asks for ${wanted}: STACK=${running} make down first.`)
    }
  }
  return asked ?? last ?? (await whatIsThere())
}

const words: Readonly<Record<Provider, string>> = { native: 'native', compose: 'docker', testcontainers: 'docker' }

async function whatIsThere(): Promise<Provider> {
  const missing = await missingTools()
  if (missing.length === 0) return 'native'
  if (await engineAnswers()) return 'compose'
  const lines = missing.map(({ what, fix }) => `    ${what}\n      ${fix}`)
  throw new Error(
    ['There is nothing to run PostgreSQL and Kafka on. Either of these will do:']
      .concat('  - as processes of this machine, for which', lines, '  - in Docker: start its engine')
      .join('\n'),
  )
}

/** Every provider that may have data for this folder, the one that was started last at the end. */
export async function usedProviders(directory: string): Promise<readonly Provider[]> {
  const lines = (await readFile(fileIn(directory), 'utf8').catch(() => '')).split('\n')
  return lines.flatMap((line) => providers.filter((provider) => provider === line))
}

export async function rememberProvider(directory: string, provider: Provider): Promise<void> {
  const others = (await usedProviders(directory)).filter((other) => other !== provider)
  await mkdir(dirname(fileIn(directory)), { recursive: true })
  await writeFile(fileIn(directory), [...others, provider].join('\n'))
}

const fileIn = (directory: string): string => join(directory, 'run', 'providers')
