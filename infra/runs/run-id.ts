import { lookUpNow, type ProcessIdentity } from '../process/process-table.ts'

/** What `discard` runs start ends with them, data and all. What `keep` runs start is a stack for a person, and stays. */
const fates = {
  test: 'discard',
  chaos: 'discard',
  simulate: 'discard',
  'planted-bugs': 'discard',
  bench: 'discard',
  up: 'keep',
  demo: 'keep',
} as const

export type RunName = keyof typeof fates

/** A run is named after its owner: whether the owner lives can be told from the id alone, wherever it is found. */
export interface RunId {
  readonly name: RunName
  readonly pid: number
  /** Of the owner's start: its number alone may be another process's by now. */
  readonly stamp: string
}

export function runIdOf(name: RunName, { pid, mark }: ProcessIdentity): string {
  return `${name}-${pid}-${stampOf(mark)}`
}

/** Undefined for a word that is no run's id. */
export function parseRunId(text: string): RunId | undefined {
  const [, name = '', pid, stamp = ''] = /^([a-z-]+)-(\d+)-([A-Za-z0-9]+)$/.exec(text) ?? []
  return isRunName(name) ? { name, pid: Number(pid), stamp } : undefined
}

export function isDiscarded(id: string): boolean {
  const run = parseRunId(id)
  return run !== undefined && fates[run.name] === 'discard'
}

export function ownerLives(id: string): boolean {
  const run = parseRunId(id)
  const owner = run === undefined ? undefined : lookUpNow(run.pid)
  return owner !== undefined && stampOf(owner.mark) === run?.stamp
}

/** Name of the folder that holds the temporary files of a run. */
export const folderName = (id: string): string => `${folderPrefix}${id}`

/** The run that a folder belongs to, by its name. */
export function runOfFolder(name: string): string | undefined {
  const id = name.startsWith(folderPrefix) ? name.slice(folderPrefix.length) : ''
  return parseRunId(id) === undefined ? undefined : id
}

const folderPrefix = 'paysaga-'

/** The end of a mark is what differs between processes of one boot; in it only what a file name may hold. */
const stampOf = (mark: string): string => (mark.split('/').at(-1) ?? '').replaceAll(/[^A-Za-z0-9]/g, '')

const isRunName = (name: string): name is RunName => Object.hasOwn(fates, name)
