import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { composeProblems } from '../../infra/docker/compose.ts'
import {
  type Component,
  components,
  createTopics,
  freePorts,
  openStack,
  PrerequisitesError,
  type Provider,
  type Stack,
} from '../../infra/index.ts'
import { kafkaClient, withAdmin } from '../../infra/kafka/client.ts'
import { limitMs, scaledMs } from '../support/limits.ts'
import { type Place, place } from '../support/system/place.ts'
import { provider as testProvider } from '../support/system/stack.ts'
import { consume, send } from './topic.ts'

/** Kafka's number for a broker among the things that have settings. */
const brokerResource = 4

/** Every provider passes this, so that tests and people may change from one to another by name. */
const providers: readonly Provider[] = testProvider === 'native' ? ['native'] : ['testcontainers', 'compose']
const within = { timeout: limitMs(20_000), interval: 100 }
/** Linux: bound to 127.0.0.1 alone means that nobody answers there. */
const anotherLoopback = '127.0.0.2'

const composeIsMissing = testProvider !== 'native' && (await composeProblems()).length > 0

providers.forEach((provider) =>
  describe.skipIf(provider === 'compose' && composeIsMissing)(`the ${provider} stack`, () => {
    let here: Place
    let stack: Stack
    const open = (directory?: string) =>
      openStack({ ...here.options, ...(directory === undefined ? {} : { directory }) })

    beforeAll(async () => {
      here = await place('stack', { provider })
      stack = open()
      await stack.start()
    })

    afterAll(() => here.leave(stack))

    const states = async () => (await stack.status()).map(({ name, state }) => `${name} ${state}`)

    it('runs once however often it is started, also from two places at once', async () => {
      const before = await stack.status()
      const other = open()
      await Promise.all([stack.start(), other.start()])
      expect(await stack.status()).toEqual(before)
      expect(await states()).toEqual(['postgres ready', 'kafka ready', 'connect ready'])
    })

    it('names every busy port, who holds it and how to move ours, before it starts anything', async () => {
      const { ports, directory } = here.options
      const second = open(join(directory, 'second'))
      const problems = await second.problems()
      const owners = [
        ['PostgreSQL', ports.postgres],
        ['Kafka', ports.kafka],
        // Nobody comes to a container's controller from outside.
        ...(provider === 'native' ? [["Kafka's controller", ports.kafkaController]] : []),
        ['Kafka Connect', ports.connect],
      ]
      expect(problems.map(({ what }) => what)).toEqual(
        owners.map(([owner, port]) =>
          expect.stringMatching(`^port ${port}, for ${owner}, is in use by (another )?process`),
        ),
      )
      // Whoever holds the ports of containers is Docker's.
      const unnamed = (await stack.status()).filter(
        ({ pid }) => pid !== undefined && !problems.some(({ what }) => what.includes(`process ${pid} `)),
      )
      expect(unnamed).toEqual([])
      expect(problems[0]?.fix).toContain('POSTGRES_PORT=')
      await expect(second.start()).rejects.toBeInstanceOf(PrerequisitesError)
      expect((await second.status()).map(({ state }) => state)).toEqual(['stopped', 'stopped', 'stopped'])
    })

    it('says that a component runs on another port than is asked for, instead of waiting for it there', async () => {
      const [postgres = 0] = await freePorts(1)
      const moved = openStack({ ...here.options, ports: { ...here.options.ports, postgres } })
      await expect(moved.start('postgres')).rejects.toThrow(
        `port ${here.options.ports.postgres}, and ${postgres} is asked`,
      )
    })

    it('runs with the settings of the checkout, and says so', async () => {
      const changed = await Promise.all(components.map((component) => stack.changed(component)))
      expect(changed).toEqual([[], [], []])
    })

    it.runIf(provider === 'native')('names a setting that it runs without', async () => {
      const [kafkaController = 0] = await freePorts(1)
      const moved = openStack({ ...here.options, ports: { ...here.options.ports, kafkaController } })
      expect(await moved.changed('kafka')).toEqual(['KAFKA_CONTROLLER_PORT'])
    })

    it.runIf(process.platform === 'linux')('is reached on 127.0.0.1 and from nowhere else', async () => {
      const { postgres, kafka, connect } = here.options.ports
      const reached = (host: string) => Promise.all([postgres, kafka, connect].map((port) => isOpen(host, port)))
      expect(await reached('127.0.0.1')).toEqual([true, true, true])
      expect(await reached(anotherLoopback)).toEqual([false, false, false])
    })

    it('decodes logically, loses nothing that was committed, and bounds what a forgotten slot keeps', async () => {
      const settings = ['wal_level', 'fsync', 'synchronous_commit', 'max_slot_wal_keep_size']
      const values = await Promise.all(settings.map((name) => query(stack, `show ${name}`)))
      expect(values.flat().map((row) => Object.values(row)[0])).toEqual(['logical', 'on', 'on', '4GB'])
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

    it('lets a consumer of a test have a session of two seconds', async () => {
      await send(stack, { topic: 'order.events', key: 'a', value: 'first' })
      const sessionTimeoutMs = provider === 'compose' ? 6_000 : 2_000
      const [message] = await consume(stack, { topics: ['order.events'], sessionTimeoutMs, count: 1 })
      expect(message).toMatchObject({ key: 'a', value: 'first' })
    })

    it('keeps what its components log', async () => {
      const lines = async (component: Component) => (await stack.lastLines(component, 10_000)).join('\n')
      expect(await lines('postgres')).toContain('database system is ready to accept connections')
      expect(await lines('kafka')).toContain('Kafka Server started')
      expect(await lines('connect')).toContain('Kafka Connect started')
      expect(await stack.lastLines('kafka', 3)).toHaveLength(3)
      const following = vi.fn<(line: string) => void>()
      const followed = stack.follow('postgres', following)
      followed.catch(() => undefined)
      await vi.waitFor(async () => {
        await query(stack, "do $$ begin raise warning 'heard by who follows'; end $$")
        expect(following).toHaveBeenCalledWith(expect.stringContaining('heard by who follows'))
      }, within)
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
      await vi.waitFor(async () => expect(await states()).toContain('connect ready'), within)
    })

    it('ends what it started and nothing else, and has its data when it starts again', async () => {
      const bystander = spawnBystander()
      await query(stack, 'create table kept as select 1 as one')
      const { postgres, kafka, connect } = here.options.ports
      const pids = (await stack.status()).flatMap(({ pid }) => (pid === undefined ? [] : [pid]))
      expect(pids).toHaveLength(provider === 'native' ? 3 : 0)
      // A paused one has to end as well.
      await stack.kill('connect', 'SIGSTOP')
      await stack.stop()
      expect(await states()).toEqual(['postgres stopped', 'kafka stopped', 'connect stopped'])
      await vi.waitFor(() => expect(pids.filter(isThere)).toEqual([]), within)
      expect(await Promise.all([postgres, kafka, connect].map((port) => isOpen('127.0.0.1', port)))).not.toContain(true)
      expect(isThere(bystander.pid ?? 0)).toBe(true)
      bystander.kill()
      await stack.stop()
      await stack.start()
      await expectData(stack)
    })

    it('says that components are dead, and has its data after all of them were killed', async () => {
      await Promise.all(
        (['postgres', 'kafka', 'connect'] as const).map((component) => stack.kill(component, 'SIGKILL')),
      )
      expect(await states()).toEqual(['postgres dead', 'kafka dead', 'connect dead'])
      await expect(stack.kill('kafka', 'SIGTERM')).rejects.toThrow('kafka does not run')
      await stack.start()
      await expectData(stack)
    })

    it('removes its data when it is told to, all of it', async () => {
      expect(await stack.remove()).not.toEqual([])
      expect(await states()).toEqual(['postgres stopped', 'kafka stopped', 'connect stopped'])
      expect(await stack.remove()).toEqual([])
      await stack.start('postgres')
      await expect(query(stack, 'select one from kept')).rejects.toThrow('does not exist')
    })
  }),
)

async function expectData(stack: Stack): Promise<void> {
  expect(await query(stack, 'select one from kept')).toEqual([{ one: 1 }])
  const [message] = await consume(stack, { topics: ['order.events'], sessionTimeoutMs: scaledMs(6_000), count: 1 })
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

function isOpen(host: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = createConnection({ host, port })
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  void promise.then(() => socket.destroy())
  return promise
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
