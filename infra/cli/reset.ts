import { readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { serviceNames } from '../index.ts'
import { command, type Local } from './local.ts'
import { print } from './output.ts'

/** `make reset`: down, and all data gone. Removes by name, so that a PAYSAGA_DIRECTORY with other things in it keeps those. */
async function reset(local: Local): Promise<void> {
  await local.services.stopAll()
  await local.stack.stop()
  const { directory } = local.stack
  const ours = ['postgres', 'kafka', 'logs', 'run', 'kafka.jsa', 'connect.jsa', ...serviceNames]
  const found = (await readdir(directory).catch(() => [])).filter((name) => ours.includes(name))
  if (found.length === 0) {
    print(`  ${directory} holds nothing of ours`)
    return
  }
  print(`  removing ${found.map((name) => join(directory, name)).join(' ')}`)
  for (const name of found) await rm(join(directory, name), { recursive: true })
  await rmdir(directory).catch(() => undefined)
  print('  every order, event and log line is gone; the jars stay in .cache')
}

await command(reset)
