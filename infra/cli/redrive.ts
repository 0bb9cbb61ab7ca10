import { z } from 'zod'
import { type Participant, parseRedrive, type Redrive, redriveUsage } from './support/arguments/redrive-request.ts'
import { askAsOperator } from './support/ask.ts'
import { print, printTable } from './support/display/output.ts'
import { parkedAt } from './support/parked.ts'
import { command, type Local } from './support/stack/local.ts'
import { notOurs, strangersIn } from './support/stack/ours.ts'

const done = z.object({ keys: z.array(z.string()) })

/** `make redrive`: shows what is parked; with a reason has it tried again, or gives up the first message of each key. */
async function redrive(local: Local): Promise<void> {
  const [, , service = '', key = '', cause = '', reason = '', dry = '', discard = ''] = process.argv
  const wanted = parseRedrive({ service, key, cause, reason, dry, discard })
  const strangers = await strangersIn(local, wanted.services)
  // Half of a list is better than none. Half of what was ordered would have to be ordered again.
  if (wanted.does !== 'show' && strangers.length > 0) throw notOurs(local, strangers)
  let found = 0
  for (const name of wanted.services) {
    if (!strangers.some((stranger) => stranger.name === name)) found += await redriveAt(local, name, wanted)
  }
  if (wanted.does === 'show' && found > 0) print(`  To have them tried again: ${redriveUsage}`)
  if (strangers.length > 0) throw notOurs(local, strangers)
}

/** @returns how many keys were found */
async function redriveAt(
  local: Local,
  service: Participant,
  { does, filter, reason, isDry }: Redrive,
): Promise<number> {
  const { keys } = await parkedAt(local, { service, filter })
  print(`  ${service}: ${keys.length === 0 ? 'nothing is parked' : ''}`.trimEnd())
  if (keys.length === 0) return 0
  printTable([
    ['key', 'state', 'cause', 'attempts', 'waiting', 'next', 'error'],
    ...keys.map(({ key: id, state, cause: why, attempts, messages, first, error }) => [
      id,
      state,
      why,
      `${attempts}`,
      `${messages}`,
      `${first.type} ${first.version}`,
      error.split('\n')[0] ?? '',
    ]),
  ])
  if (does === 'show') return keys.length
  const body = { ...filter, reason, dryRun: isDry }
  const { keys: acted } = done.parse(await askAsOperator(local, { service, path: `/ops/parked/${does}`, body }))
  print(`  ${isDry ? 'would ' : ''}${does} ${acted.length}`)
  return keys.length
}

await command(redrive)
