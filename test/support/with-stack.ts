import type { TestProject } from 'vitest/node'
import { migrate } from '../../db/migrate.ts'
import { createTopics, type StackOptions, serviceNames } from '../../infra/index.ts'
import { place } from './place.ts'
import { openTestStack } from './stack.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    stack: StackOptions
    servicePorts: {
      [name in 'order' | 'payment' | 'notification' | 'relay' | 'gateway' | 'mailSmtp' | 'mailHttp']: number
    }
  }
}

/** The real thing once for the whole project: PostgreSQL, Kafka, Connect, relay and the services as processes. */
export default async function withStack(project: TestProject): Promise<() => Promise<void>> {
  const { options, ports, leave } = await place('saga', { others: 7, reusable: true })
  const [order = 0, payment = 0, notification = 0, relay = 0, gateway = 0, mailSmtp = 0, mailHttp = 0] = ports
  const servicePorts = { order, payment, notification, relay, gateway, mailSmtp, mailHttp }
  const { stack, services } = openTestStack(options, servicePorts)
  const stop = async (): Promise<void> => {
    await services.stopAll()
    await leave(stack)
  }
  try {
    await stack.start()
    await Promise.all([migrate(stack.endpoints.adminUrl), createTopics({ brokers: stack.endpoints.brokers })])
    await Promise.all(serviceNames.map((name) => services.start(name)))
  } catch (error) {
    await stop()
    throw error
  }
  project.provide('stack', options)
  project.provide('servicePorts', servicePorts)
  return stop
}
