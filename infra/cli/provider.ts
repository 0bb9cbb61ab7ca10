import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { InfraConfig } from '../config.ts'
import { engineAnswers } from '../docker/engine.ts'
import { missingTools } from '../native/prerequisites.ts'
import { type Provider, providers } from '../stack.ts'

/**
 * What the stack runs on: what STACK says; else what it was started on, until it is ended; else processes where Java and
 * Maven are, else Docker where an engine answers. Throws with both ways when there is neither.
 */
export async function chooseProvider({ provider, stack }: InfraConfig): Promise<Provider> {
  const chosen = provider ?? (await recalled(stack.directory))
  if (chosen !== undefined) return chosen
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

/** Whoever looks at the stack later, or ends it, finds it without being told. */
export async function rememberProvider(directory: string, provider: Provider): Promise<void> {
  const file = fileIn(directory)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, provider)
}

export async function forgetProvider(directory: string): Promise<void> {
  await rm(fileIn(directory), { force: true })
}

const fileIn = (directory: string): string => join(directory, 'run', 'provider')

async function recalled(directory: string): Promise<Provider | undefined> {
  const text = await readFile(fileIn(directory), 'utf8').catch(() => '')
  return providers.find((provider) => provider === text)
}
