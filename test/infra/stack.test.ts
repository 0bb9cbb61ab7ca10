import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  createTopics,
  freePorts,
  openStack,
  PrerequisitesError,
  type Stack,
  type StackPorts,
} from '../../infra/index.ts'
import { kafkaClient, withAdmin } from '../../infra/kafka/client.ts'
import { consume, send } from './topic.ts'

/** Kafka's number for a broker among the things that have settings. */
const brokerResource = 4

/** Every provider passes this, so that tests and people may change from one to another by name. */
const providers = [{ name: 'native', open: openStack }]

describe.each(providers)('the $name stack', ({ open }) => {
  let directory: string
  let ports: StackPorts
  let stack: Stack

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'paysaga-stack-'))
    const [postgres = 0, kafka = 0, kafkaController = 0, connect = 0] = await freePorts(4)
    ports = { postgres, kafka, kafkaController, connect }
    stack = open({ directory, ports, profile: 'test' })
    await stack.start()
  })

  afterAll(async () => {
    await stack.stop()
    await rm(directory, { recursive: true, force: true })
  })

  const states = async () => (await stack.status()).map(({ name, state }) => `${name} ${state}`)

  it('runs once however often it is started, also from two places at once', async () => {
    const before = await stack.status()
    const other = open({ directory, ports, profile: 'test' })
    await Promise.all([stack.start(), other.start()])
    expect(await stack.status()).toEqual(before)
    expect(await states()).toEqual(['postgres ready', 'kafka ready', 'connect ready'])
  })

  it('names every busy port, who holds it and how to move ours, before it starts anything', async () => {
    const second = open({ directory: join(directory, 'second'), ports, profile: 'test' })
    const problems = await second.problems()
    const pids = (await stack.status()).map(({ pid }) => pid)
    expect(problems.map(({ what }) => what)).toEqual([
      expect.stringContaining(`port ${ports.postgres}, for PostgreSQL, is in use by process ${pids[0]}`),
      expect.stringContaining(`port ${ports.kafka}, for Kafka, is in use by process ${pids[1]}`),
      expect.stringContaining(`port ${ports.kafkaController}, for Kafka's controller, is in use by process ${pids[1]}`),
      expect.stringContaining(`port ${ports.connect}, for Kafka Connect, is in use by process ${pids[2]}`),
    ])
    expect(problems[0]?.fix).toContain('POSTGRES_PORT=')
    await expect(second.start()).rejects.toBeInstanceOf(PrerequisitesError)
    expect((await second.status()).map(({ state }) => state)).toEqual(['stopped', 'stopped', 'stopped'])
  })

  it('decodes logically, loses nothing that was committed, and bounds what a forgotten slot keeps', async () => {
    const settings = ['wal_level', 'fsync', 'synchronous_commit', 'listen_addresses', 'max_slot_wal_keep_size']
    const values = await Promise.all(settings.map((name) => query(stack, `show ${name}`)))
    expect(values.flat().map((row) => Object.values(row)[0])).toEqual(['logical', 'on', 'on', '127.0.0.1', '4GB'])
  })

  it('makes the topics once, and never changes the partitions of one that is there', async () => {
    const { brokers } = stack.endpoints
    const { created } = await createTopics({ brokers, partitions: 2 })
    expect(created).toContain('order.events')
    expect(await createTopics({ brokers, partitions: 2 })).toEqual({ created: [], different: [] })
    const { different } = await createTopics({ brokers, partitions: 4 })
    expect(different).toContainEqual({ name: 'order.events', wanted: 4, actual: 2 })
    const offsets = await withAdmin(kafkaClient(brokers), (admin) => admin.fetchTopicOffsets('order.events'))
    expect(offsets).toHaveLength(2)
  })

  it('makes no topic by itself', async () => {
    const { resources } = await withAdmin(kafkaClient(stack.endpoints.brokers), (admin) =>
      admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: brokerResource, name: '1', configNames: ['auto.create.topics.enable'] }],
      }),
    )
    expect(resources[0]?.configEntries[0]?.configValue).toBe('false')
  })

  it('lets a consumer have a session of two seconds', async () => {
    await send(stack, { topic: 'order.events', key: 'a', value: 'first' })
    const [message] = await consume(stack, { topics: ['order.events'], sessionTimeoutMs: 2_000, count: 1 })
    expect(message).toMatchObject({ key: 'a', value: 'first' })
  })

  it('runs the Debezium that pom.xml pins', async () => {
    const pom = await readFile(new URL('../../infra/native/pom.xml', import.meta.url), 'utf8')
    const response = await fetch(`${stack.endpoints.connectUrl}/connector-plugins`)
    expect(await response.json()).toContainEqual({
      class: 'io.debezium.connector.postgresql.PostgresConnector',
      type: 'source',
      version: /<debezium.version>(.*)<\/debezium.version>/.exec(pom)?.[1],
    })
  })

  it('says that a component is paused, and when it is back', async () => {
    await stack.kill('connect', 'SIGSTOP')
    expect(await states()).toEqual(['postgres ready', 'kafka ready', 'connect paused'])
    await stack.kill('connect', 'SIGCONT')
    await vi.waitFor(async () => expect(await states()).toContain('connect ready'), { timeout: 5_000 })
  })

  it('ends what it started and nothing else, and has its data when it starts again', async () => {
    const bystander = spawnBystander()
    await query(stack, 'create table kept as select 1 as one')
    const pids = (await stack.status()).map(({ pid }) => pid ?? 0)
    // A paused one has to end as well.
    await stack.kill('connect', 'SIGSTOP')
    await stack.stop()
    expect(await states()).toEqual(['postgres stopped', 'kafka stopped', 'connect stopped'])
    await vi.waitFor(() => expect(pids.filter(isThere)).toEqual([]))
    expect(isThere(bystander.pid ?? 0)).toBe(true)
    bystander.kill()
    await stack.stop()
    await stack.start()
    await expectData(stack)
  })

  it('says that components are dead, and has its data after all of them were killed', async () => {
    await Promise.all((['postgres', 'kafka', 'connect'] as const).map((component) => stack.kill(component, 'SIGKILL')))
    expect(await states()).toEqual(['postgres dead', 'kafka dead', 'connect dead'])
    await expect(stack.kill('kafka', 'SIGTERM')).rejects.toThrow('kafka does not run')
    await stack.start()
    await expectData(stack)
  })
})

async function expectData(stack: Stack): Promise<void> {
  expect(await query(stack, 'select one from kept')).toEqual([{ one: 1 }])
  const [message] = await consume(stack, { topics: ['order.events'], sessionTimeoutMs: 6_000, count: 1 })
  expect(message).toMatchObject({ key: 'a', value: 'first' })
}

async function query(stack: Stack, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: stack.endpoints.adminUrl, connectionTimeoutMillis: 5_000 })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

function spawnBystander(): ChildProcess {
  return spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
