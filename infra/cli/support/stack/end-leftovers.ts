import { readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nobody } from '../../../native/ordinary-user.ts'
import { type Carrier, carriers } from '../../../runs/carriers.ts'
import { surroundingRuns } from '../../../runs/config.ts'
import { endStack } from '../../../runs/end-stack.ts'
import { killAll } from '../../../runs/ending.ts'
import { type Leftovers, leftoversOf, nameOf } from '../../../runs/leftovers.ts'
import { ownerLives, parseRunId, runOfFolder } from '../../../runs/run-id.ts'
import { print } from '../display/output.ts'
import { composeProjects } from './compose-projects.ts'

const ownUser = process.getuid?.() ?? 0

/**
 * `make down ALL=1`: ends every native stack of this user, whichever checkout has started it, and what dead runs have left
 * behind. Says what it was, and what goes on. Throws when something survives.
 */
export async function endLeftovers(): Promise<void> {
  const folders = await ownFolders()
  const found = leftovers(folders)
  const failures: string[] = []
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    await work().catch((error: unknown) => failures.push(error instanceof Error ? error.message : String(error)))
  }
  // Looked for again each time: what is to end starts others, or ends by itself.
  for (const [directory, group] of found.stacks)
    await attempt(async () => {
      await endStack(directory, () => leftovers([]).stacks.get(directory) ?? [])
      say('ended', `${directory}: ${list(group)}; its data stays`)
    })
  for (const [run, group] of found.orphans)
    await attempt(async () => {
      await killAll(() => leftovers([]).orphans.get(run) ?? [])
      say('ended', `what ${describe(run)} has left behind: ${list(group)}`)
    })
  for (const folder of found.folders)
    await attempt(async () => {
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
      say('removed', folder)
    })
  await printWhatGoesOn(found)
  if (failures.length > 0)
    throw new Error(`Not all of it has ended:\n${failures.map((each) => `  ${each}`).join('\n')}`)
}

async function printWhatGoesOn({ living, stacks, orphans, folders }: Leftovers): Promise<void> {
  if (stacks.size + orphans.size + folders.length === 0) print('  nothing was left behind')
  for (const [run, group] of living) {
    say('goes on', `${describe(run)}, process ${parseRunId(run)?.pid}, with ${group.length} of its own`)
  }
  for (const { project, directory, containers } of await composeProjects())
    say('goes on', `${project} in Docker with ${containers} containers: make down in ${directory}`)
}

function leftovers(folders: readonly string[]): Leftovers {
  return leftoversOf({
    carriers: carriers().filter(({ pid }) => pid !== process.pid),
    folders,
    ownerLives,
    isOwnUser: (user) => user === ownUser || (ownUser === 0 && user === nobody),
    within: surroundingRuns(),
  })
}

async function ownFolders(): Promise<readonly string[]> {
  const names = (await readdir(tmpdir())).filter((name) => runOfFolder(name) !== undefined)
  const owned = await Promise.all(
    names.map(async (name) => {
      const facts = await stat(join(tmpdir(), name)).catch(() => undefined)
      return facts?.uid === ownUser ? [join(tmpdir(), name)] : []
    }),
  )
  return owned.flat()
}

function describe(run: string): string {
  const { name = run } = parseRunId(run) ?? {}
  return `make ${name}`
}

const list = (group: readonly Carrier[]): string =>
  group
    .map((carrier) => `${nameOf(carrier)} ${carrier.pid}`)
    .toSorted()
    .join(', ')

const say = (what: string, text: string): void => print(`  ${what.padEnd(7)}  ${text}`)
