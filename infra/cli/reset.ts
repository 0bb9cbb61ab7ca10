import { readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { engineAnswers } from '../docker/engine.ts'
import { openStack, serviceNames } from '../index.ts'
import { endRotation } from '../process/log-rotation.ts'
import { print } from './support/display/output.ts'
import { command, type Local } from './support/stack/local.ts'
import { usedProviders } from './support/stack/provider.ts'

/** `make reset`: down, and all data gone. Removes by name, so that a PAYSAGA_DIRECTORY with other things in it keeps those. */
async function reset({ services, stack, provider, config }: Local): Promise<void> {
  await services.stopAll()
  const { directory } = stack
  const removed: string[] = []
  // Also what it was run on before, and what is left in Docker although the folder knows nothing of it any more.
  const inDocker = (await engineAnswers()) ? (['compose'] as const) : []
  for (const each of new Set([...(await usedProviders(directory)), provider, ...inDocker])) {
    removed.push(...(await openStack({ ...config.stack, provider: each }).remove()))
  }
  await endRotation(directory)
  const ours = ['logs', 'run', ...serviceNames]
  const found = (await readdir(directory).catch(() => [])).filter((name) => ours.includes(name))
  for (const name of found) await rm(join(directory, name), { recursive: true })
  await rmdir(directory).catch(() => undefined)
  const all = [...removed, ...found.map((name) => join(directory, name))]
  if (all.length === 0) {
    print(`  ${directory} holds nothing of ours`)
    return
  }
  print(`  removed ${all.join(' ')}`)
  print('  every order, event and log line is gone; the jars stay in .cache, the images with Docker')
}

await command(reset)
