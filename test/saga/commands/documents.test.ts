import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { freePorts } from '../../../infra/index.ts'
import { commandsOf, documented, documentPaths } from '../../support/documents/commands.ts'
import { keepingsOf } from '../../support/documents/kept-true.ts'
import { here, shell, shellEnvironment } from '../../support/documents/run.ts'
import { limitMs } from '../../support/limits.ts'
import { root } from '../../support/system/cli.ts'
import { follow } from '../../support/system/follow.ts'
import { anOrderOver, openShop } from '../../support/system/shop.ts'
import { provider } from '../../support/system/stack.ts'

const shop = openShop()
const within = { timeout: limitMs(20_000), interval: 50 }
const simulator = 'docs/gateway-simulator.md'

/** The commands that are run here and in no other file, in the order in which a reader meets them. */
const runHere = documentPaths()
  .flatMap((document) => commandsOf(document))
  .flatMap((command) =>
    keepingsOf(command).flatMap((keeping) => ('prints' in keeping ? [{ ...command, prints: keeping.prints }] : [])),
  )
const titled = (list: typeof runHere) =>
  list.map((each) => [`${each.document}: ${each.text.replaceAll(/\s+/g, ' ').slice(0, 120)}`, each] as const)

/** An order whose payment waits for a person, over what docs/operations.md says of it; and its money is taken. */
async function inReview(): Promise<string> {
  const amount = 1_290
  await shop.misbehave([
    {
      match: { operation: 'capture', amount },
      times: 1,
      do: {
        answer: { status: 404, type: 'invalid_request_error', code: 'resource_missing', message: 'No such intent' },
      },
    },
    // Else the gateway itself would tell what a person has to.
    { match: { amount }, do: { webhook: { lost: true } } },
  ])
  const { id } = await shop.place(anOrderOver(amount))
  await vi.waitUntil(async () => (await shop.get(id)).onHold, within)
  const intent = (await shop.charges(id))[0]?.intents[0]?.id ?? ''
  const captured = await fetch(shop.url(shop.ports.gateway, `/v1/payment_intents/${intent}/capture`), {
    method: 'POST',
    headers: { authorization: `Bearer ${shop.services.environment['GATEWAY_API_KEY'] ?? ''}` },
  })
  if (!captured.ok) throw new Error(await captured.text())
  return id
}

describe('the commands of the documents', () => {
  /** What stands in angle brackets, and a consumer group that no service has. */
  const known = new Map<string, string>([['--group payment-service', '--group documents-test']])
  const filledIn = (command: string) =>
    [...known].reduce((line, [name, value]) => line.replaceAll(name, value), command)

  beforeAll(async () => {
    known.set('<order>', await inReview())
  })
  afterAll(() => shop.behave())

  it.each(titled(runHere.filter(({ document }) => document !== simulator)))(
    '%s',
    async (_, { text: command, prints }) => {
      // What the jars are of is known to the native stack alone.
      if (command.startsWith('java') && provider !== 'native') return
      const output = await shell(shop, filledIn(command))
      expect(output).toMatch(prints)
      const id = /^\{"id":"([0-9a-f-]{36})"/.exec(output)?.[1]
      if (id !== undefined) known.set('<id>', id)
    },
  )

  it('have an order go on that waited for an operator', async () => {
    const id = known.get('<order>') ?? ''
    await follow(shop, id, { until: 'paid' })
    expect(await shop.get(id)).toMatchObject({ capturedMinor: 1_290 })
  })
})

describe('the routes that documents name', () => {
  const openApi = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
  /** Whatever stands for an id. */
  const plain = (route: string) => route.replace(/\{\w+\}|<\w+>|:\w+/g, '{}')

  it('are in the description of a service', async () => {
    const { order, payment, notification, gateway } = shop.ports
    const descriptions = await Promise.all(
      [order, payment, notification, gateway].map(async (port) =>
        openApi.parse(await shop.getJson(port, '/openapi.json')),
      ),
    )
    const described = new Set(
      descriptions.flatMap(({ paths }) =>
        Object.entries(paths).flatMap(([path, methods]) =>
          Object.keys(methods).map((method) => plain(`${method.toUpperCase()} ${path}`)),
        ),
      ),
    )
    const named = await Promise.all(
      documentPaths().map(async (path) => {
        // It tells of what was.
        if (path === 'CHANGELOG.md') return []
        // Stripe's own, which the simulator speaks, is described by Stripe.
        const routes = (await readFile(new URL(path, root), 'utf8')).matchAll(
          /`((?:GET|POST|PUT|DELETE) \/(?!v1\/)[^`?\s]*)/g,
        )
        return [...routes].map(([, route = '']) => ({ path, route: plain(route) }))
      }),
    )
    expect(named.flat().length).toBeGreaterThan(20)
    expect(named.flat().filter(({ route }) => !described.has(route))).toEqual([])
  })
})

describe('the gateway simulator alone', () => {
  const [start, ...rest] = runHere.filter(({ document }) => document === simulator)
  let folder = ''
  let port = 0
  let child: ChildProcess | undefined
  const alone = () => ({ ports: { ...shop.ports, gateway: port }, stackPorts: shop.stackPorts })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'paysaga-documents-'))
    ;[port = 0] = await freePorts(1)
  })
  afterAll(async () => {
    if (child !== undefined && child.exitCode === null) {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    }
    await rm(folder, { recursive: true, force: true })
  })

  it('starts as its document says', async () => {
    const command = documented(simulator, 'PORT=3010')
      .replace('PORT=3010', `PORT=${port}`)
      .replace('/tmp/simulator', folder)
      // The shell becomes what it starts, and is ended with it.
      .replace('node ', 'exec node ')
    child = spawn('bash', ['-c', command], {
      cwd: root,
      env: shellEnvironment(shop),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let log = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      log += chunk.toString()
    })
    await expect.poll(() => log, within).toMatch(start?.prints ?? /^$/)
  })

  it.each(titled(rest))('%s', async (_, { text: command, prints }) => {
    const asked = spawn('bash', ['-ec', here(command, alone())], { stdio: ['ignore', 'pipe', 'ignore'] })
    expect(await text(asked.stdout)).toMatch(prints)
  })
})
