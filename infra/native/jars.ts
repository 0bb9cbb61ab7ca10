import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lookUp } from '../process/process-table.ts'

const pom = fileURLToPath(new URL('./pom.xml', import.meta.url))
const cache = fileURLToPath(new URL('../../.cache/jars', import.meta.url))
/** 80 MB, from a slow mirror. */
const downloadTimeoutMs = 15 * 60_000
const outputLinesInAnError = 40

export interface Jars {
  readonly directory: string
  /** Class path of broker, worker and tools. */
  readonly kafka: string
  /** One folder for each Connect plugin. */
  readonly plugins: string
}

/** Where the jars of this pom.xml are, or will be: its hash names the folder. */
export async function jarFolder(): Promise<Jars & { readonly cached: boolean }> {
  const hash = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
  const directory = join(cache, hash.slice(0, 12))
  return { ...layout(directory), cached: existsSync(directory) }
}

/**
 * Has Maven copy the jars if they are not there. The folder appears complete or not at all: interrupted or started twice,
 * it is made aside and renamed. Throws with the end of Maven's output.
 */
export async function fetchJars(): Promise<Jars> {
  const jars = await jarFolder()
  if (jars.cached) return jars
  await removeInterrupted(jars.directory)
  const aside = `${jars.directory}.${process.pid}`
  await mkdir(aside, { recursive: true })
  try {
    await copyByMaven(aside)
    await rename(aside, jars.directory)
  } catch (error) {
    // Somebody else may have finished first; theirs are the same.
    if (!existsSync(jars.directory)) throw error
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
  return jars
}

function layout(directory: string): Jars {
  return { directory, kafka: join(directory, 'kafka'), plugins: join(directory, 'plugins') }
}

/** Half-filled folders, each named after a process that did not live to rename it. */
async function removeInterrupted(directory: string): Promise<void> {
  const prefix = `${basename(directory)}.`
  for (const name of await readdir(cache).catch(() => [])) {
    const alive = name.startsWith(prefix) ? await lookUp(Number(name.slice(prefix.length))) : undefined
    if (name.startsWith(prefix) && !alive) await rm(join(cache, name), { recursive: true, force: true })
  }
}

async function copyByMaven(directory: string): Promise<void> {
  const args = [
    '--batch-mode',
    '--strict-checksums',
    '--no-transfer-progress',
    '-f',
    pom,
    `-Djars=${directory}`,
    'package',
  ]
  const child = spawn('mvn', args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: downloadTimeoutMs })
  const output: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk))
  const [code] = await once(child, 'close')
  if (code === 0) return
  const tail = Buffer.concat(output).toString('utf8').trimEnd().split('\n').slice(-outputLinesInAnError).join('\n')
  throw new Error(
    `Maven could not fetch Kafka and Debezium (${code === null ? 'time-out' : `exit code ${code}`}):\n${tail}`,
  )
}
