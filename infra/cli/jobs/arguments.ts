import { readdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { OwnSchema } from '../../../db/migrate.ts'

/**
 * What the job `migrations` is told: nothing, or a schema of a service that is not in `db/` and the folder of its
 * migrations. Looks into the folder before anything is applied: a wrong one would leave half of a schema behind.
 *
 * @returns undefined for nothing: all that is in `db/`
 * @throws Error that says which argument is wrong
 */
export async function schemasOf(args: readonly string[]): Promise<readonly OwnSchema[] | undefined> {
  const [schema, folder] = args
  if (schema === undefined) return undefined
  if (folder === undefined || args.length > 2)
    throw new Error('usage: migrations [<schema> <folder of its migrations>]')
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(schema) || /^(public$|migrations$|pg_)/.test(schema)) {
    throw new Error(`"${schema}" cannot be the name of a schema: lower-case letters, digits and _, such as billing`)
  }
  const files = await readdir(folder).catch(() => [])
  if (!files.some((file) => file.endsWith('.sql'))) {
    throw new Error(`"${folder}" has no migrations: files such as 0001_invoice.sql`)
  }
  return [{ schema, folder: pathToFileURL(`${resolve(folder)}/`) }]
}

/**
 * What the job `topics` is told: nothing, or names of topics that are not in topics.json.
 *
 * @throws Error that names the first that Kafka would refuse
 */
export function topicsOf(args: readonly string[]): readonly string[] | undefined {
  const wrong = args.find((name) => !/^[\w.-]{1,249}$/.test(name))
  if (wrong !== undefined) throw new Error(`"${wrong}" cannot be the name of a topic: letters, digits, _, - and dots`)
  return args.length === 0 ? undefined : args
}
