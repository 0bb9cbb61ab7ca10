import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { migrate } from '../../db/migrate.ts'
import { createTopics, freePorts, type StackOptions, serviceNames } from '../../infra/index.ts'
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
  const directory = await mkdtemp(join(tmpdir(), 'paysaga-'))
  const [postgres = 0, kafka = 0, kafkaController = 0, connect = 0, ...others] = await freePorts(11)
  const [order = 0, payment = 0, notification = 0, relay = 0, gateway = 0, mailSmtp = 0, mailHttp = 0] = others
  const options = { directory, profile: 'test', ports: { postgres, kafka, kafkaController, connect } } as const
  const servicePorts = { order, payment, notification, relay, gateway, mailSmtp, mailHttp }
  const { stack, services } = openTestStack(options, servicePorts)
  const stop = async (): Promise<void> => {
    await services.stopAll()
    await stack.stop()
    await rm(directory, { recursive: true, force: true })
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
