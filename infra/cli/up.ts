import { beginKeepingRun } from '../runs/run.ts'
import { bringUp, printAddresses, printEndpoints } from './bring-up.ts'
import { command, type Local } from './local.ts'
import { print } from './output.ts'

/** `make up`: everything; with ONLY=stack what the services stand on, and its addresses. */
async function up(local: Local): Promise<void> {
  beginKeepingRun('up', local)
  const stackOnly = process.argv[2] === 'stack'
  await bringUp(local, stackOnly)
  print()
  if (stackOnly) {
    printEndpoints(local)
    return
  }
  printAddresses(local)
  print()
  print('  make order places one, make status says how everything is, make down ends it and keeps the data.')
}

await command(up)
