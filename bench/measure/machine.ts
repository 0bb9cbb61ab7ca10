import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { execa } from 'execa'
import { projectRoot } from '../../infra/config.ts'

/** What numbers depend on, and stand beside in every report. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly os: string
  readonly node: string
  /** Short; `+ changes` where the work tree differs from it, `unknown` without git. */
  readonly commit: string
  /** ISO 8601, UTC. */
  readonly date: string
}

export async function describeMachine(): Promise<Machine> {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    os: await operatingSystem(),
    node: process.version,
    commit: await commit(),
    date: new Date().toISOString(),
  }
}

async function operatingSystem(): Promise<string> {
  const kernel = `${type()} ${release()}`
  const description = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const name = /^PRETTY_NAME="?([^"\n]+)/m.exec(description)?.[1]
  return name === undefined ? kernel : `${name}, ${kernel}`
}

async function commit(): Promise<string> {
  const git = (...words: string[]) => execa('git', words, { cwd: projectRoot })
  try {
    const { stdout: id } = await git('rev-parse', '--short', 'HEAD')
    const { stdout: changes } = await git('status', '--porcelain')
    return changes === '' ? id : `${id} + changes`
  } catch {
    return 'unknown'
  }
}
