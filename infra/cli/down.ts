import { command, type Local } from './local.ts'
import { elapsed, print } from './output.ts'

/** `make down`: ends the services, then the stack. Data stays. */
async function down({ services, stack }: Local): Promise<void> {
  const started = performance.now()
  await services.stopAll()
  await stack.stop()
  print(`${elapsed(started)}  everything has ended; the data is in ${stack.directory}`)
}

await command(down)
