import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { projectRoot } from '../config.ts'
import { targetsOf, unreadVariables } from './support/arguments/make-variables.ts'
import { didYouMean } from './support/arguments/nearest.ts'
import { knownSettings } from './support/arguments/settings.ts'
import { fail } from './support/display/output.ts'
import { UsageError } from './support/failure.ts'

// Called by the Makefile for what make itself would let pass, or would tell in its own way: a variable of the command line
// that nothing reads, and a target that does not exist.

async function check(): Promise<void> {
  const [, , question = '', goals = '', given = ''] = process.argv
  const targets = targetsOf(await readFile(join(projectRoot, 'Makefile'), 'utf8'))
  if (question === 'target')
    throw new UsageError(
      unknownTarget(
        goals,
        targets.map(({ name }) => name),
      ),
    )
  const words = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '')
  const unread = unreadVariables({ goals: words(goals), given: words(given) }, targets, await knownSettings())
  if (unread.length > 0) throw new UsageError(`${unread.join('\n')}\nNothing was done.`)
}

const unknownTarget = (name: string, known: readonly string[]): string =>
  `There is no make ${name}.${didYouMean(name, known)} make help lists what there is.`

await check().catch(fail)
