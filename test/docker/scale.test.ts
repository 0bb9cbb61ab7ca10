import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { kafkaClient, withAdmin } from '../../infra/kafka/client.ts'
import { type ComposeProject, composeIsThere, composeProject, expectPaid, placeAt } from './compose.ts'

const portNames = [
  'POSTGRES_PORT',
  'KAFKA_PORT',
  'KAFKA_2_PORT',
  'KAFKA_3_PORT',
  'CONNECT_PORT',
  'CONNECT_2_PORT',
  'RELAY_PORT',
  'GATEWAY_PORT',
  'MAIL_HTTP_PORT',
  'MAIL_SMTP_PORT',
]
/** Each replica a port that the engine chooses. */
const anyPorts = { ORDER_PORTS: '0', PAYMENT_PORTS: '0', NOTIFICATION_PORTS: '0' }

/** Kafka's number for a topic among the things that have settings. */
const topicResource = 2

const connectorStatus = z.object({ tasks: z.array(z.object({ state: z.string(), worker_id: z.string() })) })

describe.skipIf(!(await composeIsThere()))('three brokers, two workers, two of each service', () => {
  let project: ComposeProject

  const kafka = () => kafkaClient([`127.0.0.1:${project.port('KAFKA_PORT')}`])
  const ordersAt = async (replica: 1 | 2) =>
    `http://${await project.compose('port', '--index', String(replica), 'order', '3001')}/orders`
  /** Kills containers, and has an order paid without them before they come back. */
  const expectPaidWithout = async (...killed: readonly string[]) => {
    await project.compose('kill', ...killed)
    const orders = await ordersAt(1)
    await expectPaid(orders, await placeAt(orders), 60_000)
    await project.compose('up', '--detach', '--wait')
  }

  beforeAll(async () => {
    project = await composeProject({ portNames, overlays: ['compose.scale.yaml'], environment: anyPorts })
    await project.compose('build', '--quiet')
    await project.compose('up', '--detach', '--wait')
  })
  afterAll(async () => {
    await project.compose('down', '--volumes', '--timeout', '5')
  })

  it('takes orders at either replica, and the other one knows them', async () => {
    const [one, two] = await Promise.all([ordersAt(1), ordersAt(2)])
    expect(one).not.toBe(two)
    await expectPaid(two, await placeAt(one))
    await expectPaid(one, await placeAt(two))
  })

  it('keeps three copies of every topic, those of Connect and of Kafka itself too', async () => {
    const { topics } = await withAdmin(kafka(), (admin) => admin.fetchTopicMetadata())
    const names = topics.map(({ name }) => name)
    expect(names).toEqual(
      expect.arrayContaining(['order.events', 'connect.offsets', 'connect.configs', '__consumer_offsets']),
    )
    const short = topics.filter(({ partitions }) =>
      partitions.some(({ replicas, isr }) => replicas.length + isr.length < 6),
    )
    expect(short.map(({ name }) => name)).toEqual([])
  })

  it('takes a write only when two brokers have it', async () => {
    const { resources } = await withAdmin(kafka(), (admin) =>
      admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: topicResource, name: 'order.events', configNames: ['min.insync.replicas'] }],
      }),
    )
    expect(resources[0]?.configEntries[0]?.configValue).toBe('2')
  })

  it('goes on without one of the brokers', async () => {
    await expectPaidWithout('kafka-2')
  })

  it('goes on without the worker that has the connector', async () => {
    const url = project.url('CONNECT_PORT', '/connectors/paysaga-outbox/status')
    const { tasks } = connectorStatus.parse(await (await fetch(url)).json())
    expect(tasks.map(({ state }) => state)).toEqual(['RUNNING'])
    await expectPaidWithout(tasks[0]?.worker_id.split(':')[0] ?? '')
  })

  it('goes on without one of each service', async () => {
    await project.killReplica(['order', 'payment', 'notification'], 2)
    const orders = await ordersAt(1)
    await expectPaid(orders, await placeAt(orders), 60_000)
  })
})
