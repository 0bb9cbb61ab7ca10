import { command, type Local } from './local.ts'
import { elapsed, print } from './output.ts'

/** `make down`: ends the services, then the stack. Data stays. */
async function down({ services, stack, provider }: Local): Promise<void> {
  const started = performance.now()
  await services.stopAll()
  await stack.stop()
  const place = provider === 'native' ? stack.directory : `volumes of Docker and in ${stack.directory}`
  print(`${elapsed(started)}  everything has ended; the data is in ${place}`)
}

await command(down)
