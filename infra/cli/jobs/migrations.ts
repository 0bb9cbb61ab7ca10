import { migrate } from '../../../db/migrate.ts'
import { readMigrationsConfig } from '../../config.ts'
import { schemasOf } from './arguments.ts'
import { job } from './job.ts'

/** The one-shot job `migrations [<schema> <folder>]`: brings every schema, or that one, up to date as a superuser, and ends. */
await job('migrations', async () => {
  const schemas = await schemasOf(process.argv.slice(2))
  const applied = await migrate(readMigrationsConfig().MIGRATIONS_DATABASE_URL, schemas)
  return applied.length === 0 ? 'nothing new' : `applied ${applied.join(', ')}`
})
