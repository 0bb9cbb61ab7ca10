import type { TestProject } from 'vitest/node'
import { openStack } from '../../../infra/index.ts'
import { prepareTemplate } from './database.ts'
import { place } from './place.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string
  }
}

/** One server for all files of the project; each takes a database of its own. */
export default async function withPostgres(project: TestProject): Promise<() => Promise<void>> {
  const { options, leave } = await place('integration', { reusable: true })
  const stack = openStack(options)
  try {
    await stack.start('postgres')
    await prepareTemplate(stack.endpoints.adminUrl)
  } catch (error) {
    await leave(stack)
    throw error
  }
  project.provide('postgresUrl', stack.endpoints.adminUrl)
  return () => leave(stack)
}
