import type { TestProject } from 'vitest/node'
import type { StackOptions } from '../../../infra/index.ts'
import { type Databases, databasesOf } from './layout.ts'
import { layout } from './stack.ts'
import { startSystem } from './system.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    stack: StackOptions
    servicePorts: {
      [name in 'order' | 'payment' | 'notification' | 'relay' | 'gateway' | 'mailSmtp' | 'mailHttp']: number
    }
    databases: Databases
  }
}

/** The real thing once for the whole project. */
export default async function withStack(project: TestProject): Promise<() => Promise<void>> {
  const { stack, ports, databases, stop } = await startSystem('saga', databasesOf(layout), { reusable: true })
  project.provide('stack', stack)
  project.provide('servicePorts', ports)
  project.provide('databases', databases)
  return stop
}
