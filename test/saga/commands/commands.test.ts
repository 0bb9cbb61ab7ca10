import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { withDatabase } from '../../../infra/cli/support/order/database.ts'
import { watchOrder } from '../../../infra/cli/support/order/watch.ts'
import { kafkaClient, withAdmin } from '../../../infra/kafka/client.ts'
import { limitMs } from '../../support/limits.ts'
import { environmentOf, root, runCliOf } from '../../support/system/cli.ts'
import { anOrderOver, openShop } from '../../support/system/shop.ts'
import { provider } from '../../support/system/stack.ts'

const shop = openShop()
const cli = runCliOf(shop)
const within = { timeout: limitMs(30_000), interval: 100 }
const countOfOrders = () =>
  withDatabase(shop.stack, (database) => database.rows('select count(*) from order_service.orders'))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paysaga-commands-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('a command in a second directory with the same ports', () => {
  const other = () => runCliOf(shop, { PAYSAGA_DIRECTORY: join(folder, 'second') })

  it.each([
    [['order'], ['order', 'postgres']],
    [['saga', '01a2043a-493a-7887-84cb-3baaeb76c172'], ['postgres']],
    [['sql', 'order', 'select 1'], ['postgres']],
    [['topics'], ['kafka']],
    [['consume', 'order.events'], ['kafka']],
    [['redrive'], ['order', 'payment', 'notification']],
    [['redrive', 'payment', '', '', 'a test'], ['payment']],
    [['ledger'], ['postgres']],
  ])('asks and changes nothing of the first: %j', async ([command = '', ...args], parts) => {
    const before = await countOfOrders()
    const { stdout, stderr, code } = await other()(command, ...args)
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 })
    for (const part of parts) {
      expect(stderr).toMatch(new RegExp(`^${part} of this checkout does not run, and port \\d+ is held by `, 'm'))
    }
    expect(stderr).toContain(`This checkout keeps its stack in ${join(folder, 'second')}.`)
    expect(await countOfOrders()).toEqual(before)
  })

  it('says so in its status, and of whom the ports are', async () => {
    const { stdout, code } = await other()('status')
    expect(code).toBe(1)
    expect(stdout).toMatch(/^not well: nothing runs; 9 ports of this checkout are held by other processes\n/)
    expect(stdout).toMatch(/order: its port is held by process \d+ \(node apps\/order\/main\.ts in .+\)/)
  })

  it('verifies the ledger of a database that it is given', async () => {
    const url = shop.stack.endpoints.databaseUrl('payment_service')
    const { stdout, code } = await runCliOf(shop, {
      PAYSAGA_DIRECTORY: join(folder, 'second'),
      PAYMENT_DATABASE_URL: url,
    })('ledger')
    expect({ code, fits: stdout.includes('all of it fits') }).toEqual({ code: 0, fits: true })
  })
})

describe('a command that is called wrongly', () => {
  it('says what is wrong with an order, field by field, in the words of the service', async () => {
    const file = join(folder, 'order.json')
    await writeFile(file, JSON.stringify({ ...anOrderOver(500), currency: 'euro', colour: 'red' }))
    const { stdout, stderr, code } = await cli('order', file)
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 })
    expect(stderr).toMatch(/^The order service answers 400: The request is not valid\n/)
    expect(stderr).toContain('  currency: ')
    expect(stderr).toContain('  colour: is not a known field')
  })

  it.each([
    [['order', 'no-such.json'], 2, 'FILE=no-such.json cannot be read: there is no such file.'],
    [['saga', 'seven'], 2, 'ORDER=seven is not the id of an order'],
    [['saga', 'd2719e5e-7e07-7e3a-9c3f-0123456789ab'], 1, 'it does not exist'],
    [['sql', 'odrer', 'select 1'], 2, 'DB=odrer does not exist. Did you mean order?'],
    [['sql', 'order', 'select * from nothing'], 1, 'PostgreSQL answers ERROR 42P01: relation "nothing" does not exist'],
    [['consume', 'order.event'], 2, 'TOPIC=order.event does not exist. Did you mean order.events?'],
    [['logs', 'paymnt'], 2, 'S=paymnt does not exist. Did you mean payment?'],
    [['ledger', 'tip'], 2, 'HEAD=tip is no block of a ledger'],
    [['status', '--jsn'], 2, 'status knows --json, and not --jsn.'],
  ])('%j ends with %i and says why on stderr alone', async ([command = '', ...args], expected, message) => {
    const { stdout, stderr, code } = await cli(command, ...args)
    expect({ stdout, code }).toEqual({ stdout: '', code: expected })
    expect(stderr).toContain(message)
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  it('is warned of a name in .env that nothing reads', async () => {
    const file = join(folder, '.env')
    await writeFile(file, 'PAY_WITHN_MS=1000\nLOG_LEVEL=info\n')
    const env = { ...process.env, ...environmentOf(shop) }
    const { stderr } = await promisify(execFile)(process.execPath, [`--env-file=${file}`, 'infra/cli/topics.ts'], {
      cwd: root,
      env,
    })
    expect(stderr).toBe(
      `${file}: nothing reads PAY_WITHN_MS. Did you mean PAY_WITHIN_MS? .env.example lists what there is.\n`,
    )
  })
})

describe('a command', () => {
  afterEach(() => shop.services.kill('order', 'SIGCONT'))

  it('is not kept waiting by a part that is paused', async () => {
    await shop.services.kill('order', 'SIGSTOP')
    const { stdout, stderr, code } = await cli('order')
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 })
    expect(stderr).toMatch(/^order \(process \d+\) is paused and answers nothing: a SIGCONT lets it go on\.\n$/)
  })
})

/** A make of its own, and not a part of the one that runs the tests. */
async function make(...args: readonly string[]) {
  const env = { ...process.env, ...environmentOf(shop), MAKEFLAGS: '', MAKELEVEL: '' }
  const done = promisify(execFile)('make', [...args], { cwd: root, env })
  return await done.then(
    ({ stdout }) => ({ stdout, stderr: '' }),
    (error: unknown) => z.object({ stdout: z.string(), stderr: z.string() }).parse(error),
  )
}

describe('make', () => {
  it('names the nearest target for one that does not exist', async () => {
    expect((await make('oder')).stderr).toMatch(/^There is no make oder\. Did you mean order\?/)
  })

  it('does nothing with a variable that the target does not read', async () => {
    const before = await countOfOrders()
    const { stdout, stderr } = await make('order', 'FLIE=mine.json')
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^make order does not read FLIE\. Did you mean FILE\?/)
    expect(await countOfOrders()).toEqual(before)
  })
})

describe('make up', () => {
  const up = (more: Readonly<Record<string, string>> = {}) => runCliOf(shop, more)('up', 'order,payment')
  const pids = async () =>
    Object.fromEntries((await shop.services.status()).map(({ name, pid }) => [name, pid] as const))

  it('starts a service anew whose settings have changed, says which, and leaves the others alone', async () => {
    await up()
    const before = await pids()
    const { stdout, code } = await up({ PAY_WITHIN_MS: '899999' })
    expect(code).toBe(0)
    expect(stdout).toMatch(/order +restarted: PAY_WITHIN_MS changed\n/)
    expect(stdout.match(/restarted/g)).toHaveLength(1)
    const { order, ...others } = await pids()
    expect(others).toEqual(Object.fromEntries(Object.entries(before).filter(([name]) => name !== 'order')))
    expect(order).not.toBe(before['order'])
    expect((await up()).stdout).toMatch(/order +restarted: PAY_WITHIN_MS changed\n/)
    expect((await up()).stdout).not.toContain('restarted')
  })

  it('starts nothing for a name that does not exist', async () => {
    const { stdout, stderr, code } = await cli('up', 'order,paymnt')
    expect({ stdout, code }).toEqual({ stdout: '', code: 2 })
    expect(stderr).toMatch(/^ONLY=paymnt does not exist\. Did you mean payment\? There are: stack, postgres/)
  })
})

describe('make status', () => {
  afterEach(() => shop.services.start('notification'))

  const report = z.object({
    well: z.boolean(),
    issues: z.array(z.string()),
    processes: z.array(z.object({ name: z.string(), state: z.string() })),
    connectors: z.array(z.object({ name: z.string() })),
    groups: z.array(z.object({ group: z.string(), members: z.int() })),
    slots: z.array(z.object({ active: z.boolean() })),
    parked: z.array(z.object({ service: z.string() })),
    reviews: z.array(z.object({ condition: z.string() })),
    findings: z.array(z.object({ kind: z.string() })),
  })
  const json = async () => {
    const { stdout, code } = await cli('status', '--json')
    return { ...report.parse(JSON.parse(stdout)), code }
  }

  it('is one JSON document whose exit code says whether all is well', async () => {
    const found = await json()
    expect(found.processes.map(({ state }) => state)).toEqual(Array.from({ length: 9 }, () => 'ready'))
    expect(found.connectors).toHaveLength(1)
    expect(found.slots).toEqual([{ active: true }])
    expect({ well: found.well, code: found.code }).toEqual(
      found.issues.length === 0 ? { well: true, code: 0 } : { well: false, code: 1 },
    )
  })

  it('says in its first line what is wrong, and fails', async () => {
    await shop.services.stop('notification')
    await expect
      .poll(async () => (await json()).issues, within)
      .toEqual(expect.arrayContaining(['notification is stopped', 'group notification-service has no member']))
    const { stdout, code } = await cli('status')
    expect(stdout.split('\n')[0]).toMatch(/^not well: .*notification is stopped/)
    expect(code).toBe(1)
  })
})

/** Passes everything on to PostgreSQL, and counts. */
async function countingConnections() {
  const open = new Set<Socket>()
  let count = 0
  const server = createServer((client) => {
    count += 1
    open.add(client)
    const upstream = connect(shop.stackPorts.postgres, '127.0.0.1')
    for (const socket of [client, upstream]) socket.on('error', () => undefined)
    client.on('close', () => {
      open.delete(client)
      upstream.destroy()
    })
    client.pipe(upstream).pipe(client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { port, opened: () => count, stillOpen: () => open.size, close: () => server.close() }
}

describe('the watch of orders', () => {
  afterEach(() => shop.behave())

  it('reads through one connection, however often it looks and however many orders, and closes it', async () => {
    const amount = 77_202
    await shop.misbehave([{ match: { operation: 'confirm', amount }, do: { delayMs: 1_000 }, times: 2 }])
    const proxy = await countingConnections()
    const adminUrl = shop.stack.endpoints.adminUrl.replace(`:${shop.stackPorts.postgres}/`, `:${proxy.port}/`)
    const stack = { ...shop.stack, endpoints: { ...shop.stack.endpoints, adminUrl } }
    const config = {
      stack: { directory: stack.directory, ports: shop.stackPorts, profile: 'test' },
      servicePorts: shop.ports,
      serviceOverrides: {},
    } as const
    const local = { config, provider, stack, services: shop.services }
    const placed = await Promise.all([shop.place(anOrderOver(amount)), shop.place(anOrderOver(amount))])
    let looks = 0
    const watched = await withDatabase(stack, (database) => {
      const counted = {
        rows: (text: string, values?: readonly unknown[]) => {
          looks += 1
          return database.rows(text, values)
        },
      }
      return Promise.all(placed.map(({ id }) => watchOrder({ local, database: counted }, id)))
    })
    expect(watched.map(({ order: { status } }) => status)).toEqual(['paid', 'paid'])
    expect(looks).toBeGreaterThan(10)
    expect(proxy.opened()).toBe(1)
    await expect.poll(() => proxy.stillOpen(), within).toBe(0)
    proxy.close()
  })
})

describe('Ctrl-C', () => {
  const cliGroups = () =>
    withAdmin(kafkaClient(shop.stack.endpoints.brokers), async (admin) =>
      (await admin.listGroups()).groups.map(({ groupId }) => groupId).filter((id) => id.startsWith('cli-')),
    )

  it.each<[string, readonly string[], NodeJS.Signals]>([
    ['consume', ['order.events', '', '', '1'], 'SIGINT'],
    ['consume', ['order.events', '', '', '1'], 'SIGTERM'],
    ['logs', ['', '1'], 'SIGINT'],
  ])('ends %s %j on %s, without a word and without a consumer group left behind', async (command, args, signal) => {
    await shop.place()
    const child = spawn(process.execPath, [`infra/cli/${command}.ts`, ...args], {
      cwd: fileURLToPath(root),
      env: { ...process.env, ...environmentOf(shop) },
    })
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    await once(child.stdout, 'data')
    child.stdout.resume()
    child.kill(signal)
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(stderr).toBe('')
    expect(await cliGroups()).toEqual([])
  })
})
