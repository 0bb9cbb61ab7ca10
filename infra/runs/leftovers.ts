import { basename, dirname } from 'node:path'
import type { Carrier } from './carriers.ts'
import { isDiscarded, runOfFolder } from './run-id.ts'

export interface Found {
  readonly carriers: readonly Carrier[]
  /** Paths of what may be the temporary folders of runs. */
  readonly folders: readonly string[]
  readonly ownerLives: (run: string) => boolean
  /** Whose processes count. */
  readonly isOwnUser: (user: number) => boolean
  /** The runs that the question is asked within, as by a test: only what belongs to all of them counts. */
  readonly within: readonly string[]
}

export interface Leftovers {
  /** Processes of runs whose owners live, by run. */
  readonly living: ReadonlyMap<string, readonly Carrier[]>
  /** Processes of stacks that a command has started and left running, by directory. */
  readonly stacks: ReadonlyMap<string, readonly Carrier[]>
  /** Processes of runs that are dead and ought to have ended with them, by run. */
  readonly orphans: ReadonlyMap<string, readonly Carrier[]>
  /** Temporary folders of runs that are dead. */
  readonly folders: readonly string[]
}

/** Sorts what is found by what is to become of it. */
export function leftoversOf({ carriers, folders, ownerLives, isOwnUser, within }: Found): Leftovers {
  const [living, stacks, orphans] = [new Groups(), new Groups(), new Groups()]
  for (const carrier of carriers) {
    const runs = carrier.runs.filter((run) => !within.includes(run))
    const [outermost] = runs
    const isAsked = within.every((run) => carrier.runs.includes(run)) && isOwnUser(carrier.user)
    // What belongs to the surrounding run alone is that run's own.
    if (!isAsked || (within.length > 0 && outermost === undefined)) continue
    const alive = runs.find(ownerLives)
    if (alive !== undefined) living.add(alive, carrier)
    else if (carrier.recordFile !== undefined && !runs.some(isDiscarded))
      stacks.add(directoryOf(carrier.recordFile), carrier)
    else if (outermost !== undefined) orphans.add(outermost, carrier)
  }
  const isDead = (path: string): boolean => {
    const run = runOfFolder(basename(path))
    return run !== undefined && !ownerLives(run) && !within.includes(run)
  }
  return { living: living.all, stacks: stacks.all, orphans: orphans.all, folders: folders.filter(isDead) }
}

/** A record is `run/<name>.json` in the directory of its stack (process/daemon.ts). */
const directoryOf = (recordFile: string): string => dirname(dirname(recordFile))

/** What a process is called: a daemon after its record. */
export function nameOf({ recordFile }: Pick<Carrier, 'recordFile'>): string {
  return recordFile === undefined ? 'process' : basename(recordFile, '.json')
}

class Groups {
  readonly all = new Map<string, Carrier[]>()
  add(name: string, carrier: Carrier): void {
    this.all.set(name, [...(this.all.get(name) ?? []), carrier])
  }
}
