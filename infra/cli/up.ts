import { beginKeepingRun } from '../runs/run.ts'
import { print } from './support/display/output.ts'
import { allIsWell } from './support/display/verdict.ts'
import { bringUp, printAddresses, printEndpoints } from './support/stack/bring-up.ts'
import { command, type Local } from './support/stack/local.ts'
import { planFor } from './support/stack/plan.ts'

/** `make up`: everything; with ONLY=order,… those and what they need; with ONLY=stack what the services stand on, and its addresses. */
async function up(local: Local): Promise<void> {
  const only = process.argv[2] ?? ''
  const plan = planFor(only)
  beginKeepingRun('up', local)
  const started = await bringUp(local, plan)
  print()
  if (only === '') printAddresses(local)
  else if (plan.components.size > 0) printEndpoints(local)
  print()
  if (plan.services.size > 0) {
    print('  make order places one, make status says how everything is, make down ends it and keeps the data.')
    print()
  }
  print(`  ${allIsWell(started)}`)
}

await command(up)
