import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrate } from '../../../db/migrate.ts'
import { createTopics } from '../../../infra/index.ts'
import { limitMs } from '../../support/limits.ts'
import { type Place, place } from '../../support/system/place.ts'
import { openTestStack } from '../../support/system/stack.ts'

const within = { timeout: limitMs(25_000), interval: 50 }

describe('a service that is started before what it stands on', () => {
  let here: Place
  let system: ReturnType<typeof openTestStack>
  let url = ''
  beforeAll(async () => {
    here = await place('start-order', { others: 2 })
    const [order = 0, other = 0] = here.ports
    const ports = {
      order,
      payment: other,
      notification: other,
      relay: other,
      gateway: other,
      mailSmtp: other,
      mailHttp: other,
    }
    system = openTestStack(here.options, ports)
    url = `http://127.0.0.1:${order}`
  })
  afterAll(async () => {
    await system.services.stop('order')
    await here.leave(system.stack)
  })

  const readiness = async () => {
    const response = await fetch(`${url}/readyz`).catch(() => undefined)
    return `${response?.status} ${await response?.text()}`
  }

  it('lives, says what it waits for, and is ready when everything has come', { timeout: limitMs(90_000) }, async () => {
    const { stack, services } = system
    // Who starts it waits half a minute, and what it stands on may take longer.
    services.start('order').catch(() => undefined)
    await expect.poll(readiness, within).toMatch(/^503 .*PostgreSQL/s)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)

    await stack.start('postgres')
    await migrate(stack.endpoints.adminUrl)
    await expect.poll(readiness, within).toMatch(/^503 .*waiting for Kafka at 127\.0\.0\.1/s)

    await stack.start('kafka')
    await createTopics({ brokers: stack.endpoints.brokers })
    await expect.poll(readiness, within).toMatch(/^200/)
    await services.start('order')
    const log = await readFile(join(system.stack.directory, 'logs', 'order.log'), 'utf8')
    expect(log).toContain('waiting for PostgreSQL')
    expect(log).toContain('waiting for Kafka')

    // And goes on when its database was away.
    await stack.stop('postgres')
    await expect.poll(readiness, within).toMatch(/^503 .*PostgreSQL/s)
    await stack.start('postgres')
    await expect.poll(readiness, within).toMatch(/^200/)
  })
})
