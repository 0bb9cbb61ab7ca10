import { migrate } from '../../db/migrate.ts'
import { readMigrationsConfig } from '../config.ts'
import { job } from './job.ts'

/** The one-shot job `migrations`: brings every schema up to date as a superuser, and ends. */
await job('migrations', async () => {
  const applied = await migrate(readMigrationsConfig().MIGRATIONS_DATABASE_URL)
  return applied.length === 0 ? 'nothing new' : `applied ${applied.join(', ')}`
})
