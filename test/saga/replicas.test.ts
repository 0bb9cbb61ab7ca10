import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setInterval } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { freePorts, openServices, type Services } from '../../infra/index.ts'
import { kafkaClient, withAdmin } from '../../infra/kafka/client.ts'
import { balance, drainMs } from '../support/balancer.ts'
import { anOrder, openShop } from '../support/shop.ts'

const replicated = ['order', 'payment', 'notification'] as const
const within = { timeout: 40_000, interval: 100 }
const ordersPerSecond = 25
const draining = { DRAIN_MS: String(drainMs) }
const placedBody = z.object({ id: z.string() })

describe('two of each service', () => {
  const shop = openShop()
  let second: Services
  let secondOrderPort = 0
  beforeAll(async () => {
    const [order = 0, payment = 0, notification = 0] = await freePorts(3)
    secondOrderPort = order
    second = openServices({
      // A folder of its own for logs and records: the processes are told apart by it.
      stack: { ...shop.stack, directory: join(shop.stack.directory, 'second') },
      ports: { ...shop.ports, order, payment, notification },
      profile: 'test',
    })
    for (const name of replicated) {
      await shop.services.stop(name)
      await shop.services.start(name, draining)
      await second.start(name, draining)
    }
  })
  afterAll(async () => {
    for (const name of replicated) {
      await second.stop(name)
      await shop.services.stop(name)
      await shop.services.start(name)
    }
  })

  const membersOf = (group: string) =>
    withAdmin(kafkaClient(shop.stack.endpoints.brokers), async (admin) => {
      const { groups } = await admin.describeGroups([group])
      return groups[0]?.state === 'Stable' ? groups[0].members.length : 0
    })

  it('share the partitions', async () => {
    for (const name of replicated) await expect.poll(() => membersOf(`${name}-service`), within).toBe(2)
  })

  it('are restarted one after the other under load, and no request fails', { timeout: 120_000 }, async () => {
    const failures: string[] = []
    const placing: Promise<string | undefined>[] = []
    const restarting = new AbortController()
    const balancer = balance([shop.ports.order, secondOrderPort], restarting.signal)
    const flow = (async () => {
      for await (const _tick of setInterval(1_000 / ordersPerSecond)) {
        if (restarting.signal.aborted) return
        placing.push(placeAt(balancer.next(), failures))
      }
    })()
    for (const name of replicated) {
      for (const services of [shop.services, second]) {
        await services.stop(name)
        await services.start(name, draining)
        await expect.poll(() => membersOf(`${name}-service`), within).toBe(2)
      }
    }
    restarting.abort()
    await Promise.all([flow, balancer.ended])
    const ids = (await Promise.all(placing)).filter((id) => id !== undefined)
    expect(failures).toEqual([])
    expect(ids.length).toBeGreaterThan(50)
    const unpaid = async () =>
      (await Promise.all(ids.map((id) => shop.get(id)))).filter(({ status }) => status !== 'paid').length
    await expect.poll(unpaid, within).toBe(0)
    for (const id of ids) expect(await shop.charges(id)).toMatchObject([{ captured: { count: 1 } }])
  })

  /** @returns the order's id; a failure is noted, and nothing that was sent is sent again */
  async function placeAt(port: number, failures: string[]): Promise<string | undefined> {
    try {
      const response = await fetch(shop.url(port, '/orders'), {
        method: 'POST',
        headers: { ...shop.headers, 'idempotency-key': randomUUID() },
        body: JSON.stringify(anOrder),
      })
      const text = await response.text()
      if (response.status === 202) return placedBody.parse(JSON.parse(text)).id
      failures.push(`${response.status}: ${text}`)
    } catch (error) {
      failures.push(String(error instanceof Error ? (error.cause ?? error) : error))
    }
    return undefined
  }
})
