import { createTopics, serviceNames } from '../../../infra/index.ts'
import { type Databases, migrateAll } from './layout.ts'
import { place } from './place.ts'
import { openTestStack } from './stack.ts'

/** PostgreSQL, Kafka, Connect, relay and the services as processes, all ready. For `openShop`; leaves nothing behind. */
export async function startSystem(name: string, databases: Databases, { reusable = false } = {}) {
  const { options, ports: free, leave } = await place(name, { others: 7, reusable })
  const [order = 0, payment = 0, notification = 0, relay = 0, gateway = 0, mailSmtp = 0, mailHttp = 0] = free
  const ports = { order, payment, notification, relay, gateway, mailSmtp, mailHttp }
  const { stack, services } = openTestStack(options, ports, databases)
  const stop = async (): Promise<void> => {
    await services.stopAll()
    await leave(stack)
  }
  try {
    await stack.start()
    await both(migrateAll(stack, databases), createTopics({ brokers: stack.endpoints.brokers }))
    await Promise.all(serviceNames.map((service) => services.start(service)))
  } catch (error) {
    await stop()
    throw error
  }
  return { stack: options, ports, databases, stop }
}

/** One that fails does not leave the other at work on what is about to be stopped. */
async function both(...works: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}
