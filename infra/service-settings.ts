import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isOpenTelemetry, projectRoot } from './config.ts'
import { serviceFolder } from './service-folder.ts'

/** Spread into the variables of every participant. */
const shared = 'apps/shared/runtime/service-config.ts'

/**
 * Of everything that all services are told, what this one reads: the variables of its own config.ts. Another one's
 * setting is no reason to start it again.
 */
export async function settingsReadBy(
  service: string,
  environment: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const own = await readFile(join(projectRoot, serviceFolder(service), 'config.ts'), 'utf8')
  const source = own.includes('...serviceVariables') ? own + (await readFile(join(projectRoot, shared), 'utf8')) : own
  const read = new Set([...source.matchAll(/^ +([A-Z][A-Z0-9_]+):/gm)].map(([, name]) => name))
  return Object.fromEntries(Object.entries(environment).filter(([name]) => read.has(name) || isOpenTelemetry(name)))
}
