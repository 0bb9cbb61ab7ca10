import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { freePorts, type Provider, type Stack, type StackOptions } from '../../../infra/index.ts'
import { reuse, provider as testProvider } from './stack.ts'

const kept = fileURLToPath(new URL('../../../.paysaga', import.meta.url))

export interface Place {
  readonly options: StackOptions
  readonly ports: readonly number[]
  /** Ends the stack and leaves nothing behind; when containers are reused, leaves all of it as it is. */
  readonly leave: (stack: Stack) => Promise<void>
}

export interface Wanted {
  /** Ports beside those of the stack. */
  readonly others?: number
  readonly provider?: Provider
  /** Whether containers that were used before will do. */
  readonly reusable?: boolean
}

/**
 * A folder, ports for a stack, and some more. New ones for every run; with REUSE=1 and where that will do, those of the
 * last run of that name, so that its containers are found and need no start.
 */
export async function place(name: string, wanted: Wanted = {}): Promise<Place> {
  const { others = 0, provider = testProvider, reusable = false } = wanted
  const reused = reuse && reusable && provider === 'testcontainers'
  const directory = reused ? join(kept, `test-${name}`) : await mkdtemp(join(tmpdir(), `paysaga-${name}-`))
  const all = reused ? await keptPorts(directory, others + 4) : await freePorts(others + 4)
  const [postgres = 0, kafka = 0, kafkaController = 0, connect = 0, ...ports] = all
  return {
    options: {
      provider,
      directory,
      profile: 'test',
      ports: { postgres, kafka, kafkaController, connect },
      reuse: reused,
    },
    ports,
    leave: async (stack) => {
      if (reused) return
      await stack.remove()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function keptPorts(directory: string, count: number): Promise<readonly number[]> {
  const file = join(directory, 'ports.json')
  const found = await readFile(file, 'utf8').catch(() => undefined)
  if (found !== undefined) return z.array(z.int()).length(count).parse(JSON.parse(found))
  const ports = await freePorts(count)
  await mkdir(directory, { recursive: true })
  await writeFile(file, JSON.stringify(ports))
  return ports
}
