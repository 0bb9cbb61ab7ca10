import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { lookUp } from '../process/process-table.ts'
import { noteProgress } from '../process/watch.ts'

const pom = fileURLToPath(new URL('./pom.xml', import.meta.url))
const script = fileURLToPath(new URL('./fetch-jars.sh', import.meta.url))
const cache = fileURLToPath(new URL('../../.cache/jars', import.meta.url))
/** Maven prints a line for each file. A download without a line for so long stands still, however slow the mirror is. */
const silenceMaxMs = 180_000
const pollMs = 100

export interface Jars {
  readonly directory: string
  /** Class path of broker, worker and tools. */
  readonly kafka: string
  /** One folder for each Connect plugin. */
  readonly plugins: string
}

/** How far a download is. */
export interface Fetched {
  readonly files: number
  readonly bytes: number
}

/** Where the jars of this pom.xml are, or will be: its hash names the folder. */
export async function jarFolder(): Promise<Jars & { readonly cached: boolean }> {
  const hash = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
  const directory = join(cache, hash.slice(0, 12))
  const layout = { directory, kafka: join(directory, 'kafka'), plugins: join(directory, 'plugins') }
  return { ...layout, cached: existsSync(directory) }
}

let fetching: Promise<Jars> | undefined

/**
 * Has Maven copy the jars if they are not there. One download serves every caller, also one that another process has
 * begun. Throws with the end of Maven's output.
 */
export async function fetchJars(): Promise<Jars> {
  fetching ??= fetchOnce().finally(() => {
    fetching = undefined
  })
  return await fetching
}

/** What the download has brought so far, whichever process runs it. */
export async function jarsFetched(): Promise<Fetched> {
  const [running] = await downloads(await jarFolder())
  return fetchedBy(running === undefined ? '' : await readFile(running.log, 'utf8').catch(() => ''))
}

/** Counts the files and bytes in Maven's output: `Downloaded from central: https://… (1.2 MB at 3.4 MB/s)`. */
export function fetchedBy(output: string): Fetched {
  const sizes = [...output.matchAll(/Downloaded from .* \((\d+(?:\.\d+)?) (B|kB|MB|GB) at /g)]
  const bytes = sizes.reduce((sum, [, size, unit]) => sum + Number(size) * (unitBytes[unit ?? ''] ?? 0), 0)
  return { files: sizes.length, bytes: Math.round(bytes) }
}

const unitBytes: Readonly<Record<string, number>> = { B: 1, kB: 1_000, MB: 1_000_000, GB: 1_000_000_000 }

async function fetchOnce(): Promise<Jars> {
  const jars = await jarFolder()
  await removeInterrupted(jars)
  // A download that another process has begun, `make setup` for one. When that process dies, this one begins anew.
  while (!existsSync(jars.directory) && (await downloads(jars)).length > 0) await wait(pollMs)
  if (!existsSync(jars.directory)) await download(jars)
  return jars
}

async function download({ directory }: Jars): Promise<void> {
  const child = spawn('sh', [script, directory, String(process.pid)], { stdio: ['ignore', 'ignore', 'pipe'] })
  const words: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => words.push(chunk))
  const ended = once(child, 'close')
  let stoodStill = false
  const looking = setInterval(() => {
    void growsNoMore(`${directory}.${child.pid}.log`).then((still) => {
      stoodStill ||= still
      if (still) child.kill()
    })
  }, silenceMaxMs / 10)
  const [code] = await ended.finally(() => clearInterval(looking))
  if (existsSync(directory)) return
  const reason = stoodStill ? `no line for ${silenceMaxMs / 1_000} s` : `exit code ${String(code)}`
  throw new Error(
    `Maven could not fetch Kafka and Debezium (${reason}):\n${Buffer.concat(words).toString('utf8').trimEnd()}`,
  )
}

interface Download {
  readonly pid: number
  readonly folder: string
  readonly log: string
}

/** Downloads under way: their processes live, and their logs grow. A number alone may be another process's by now. */
async function downloads(jars: Jars): Promise<readonly Download[]> {
  const found = await asides(jars)
  const alive = await Promise.all(
    found.map(async ({ pid, log }) => (await lookUp(pid)) !== undefined && !(await growsNoMore(log))),
  )
  return found.filter((_, index) => alive[index])
}

/** False for a log that is not there yet. */
async function growsNoMore(log: string): Promise<boolean> {
  const facts = await stat(log).catch(() => undefined)
  const isStill = facts !== undefined && Date.now() - facts.mtimeMs > silenceMaxMs
  // Parts of the stack wait for the jars meanwhile.
  if (!isStill) noteProgress()
  return isStill
}

/** Folders that are named after the process that fills them. */
async function asides({ directory }: Jars): Promise<readonly Download[]> {
  const prefix = `${basename(directory)}.`
  const names = (await readdir(dirname(directory)).catch(() => [])).filter((name) => name.startsWith(prefix))
  return names
    .map((name) => ({ pid: Number(name.slice(prefix.length)), folder: join(dirname(directory), name) }))
    .filter(({ pid }) => Number.isInteger(pid))
    .map((each) => ({ ...each, log: `${each.folder}.log` }))
}

/** Half-filled folders, each named after a process that did not live to rename it. */
async function removeInterrupted(jars: Jars): Promise<void> {
  for (const { pid, folder, log } of await asides(jars)) {
    if ((await lookUp(pid)) !== undefined) continue
    await rm(folder, { recursive: true, force: true })
    await rm(log, { force: true })
  }
}
