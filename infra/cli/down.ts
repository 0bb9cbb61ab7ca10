import { endRotation } from '../process/log-rotation.ts'
import { elapsed, fail, print } from './support/display/output.ts'
import { UsageError } from './support/failure.ts'
import { endLeftovers } from './support/stack/end-leftovers.ts'
import { command, type Local } from './support/stack/local.ts'

/** `make down`: ends the services, then the stack. Data stays. */
async function down({ services, stack, provider }: Local): Promise<void> {
  const started = performance.now()
  await services.stopAll()
  await stack.stop()
  await endRotation(stack.directory)
  const place = provider === 'native' ? stack.directory : `volumes of Docker and in ${stack.directory}`
  print(`${elapsed(started)}  everything has ended; the data is in ${place}`)
}

const [, , all = ''] = process.argv
if (all === '') await command(down)
else if (all === '1') await endLeftovers().catch(fail)
else
  fail(
    new UsageError(`ALL=${all} is not known: make down ALL=1 ends the stacks of every checkout, make down this one's.`),
  )
