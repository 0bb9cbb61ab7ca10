import { execFile } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { z } from 'zod'
import { composeProblems } from '../../infra/docker/compose.ts'
import { freePorts } from '../../infra/index.ts'
import { limitMs } from '../support/limits.ts'

const run = promisify(execFile)
export const root = new URL('../../', import.meta.url)
const headers = { authorization: 'Bearer sk_test_paysaga', 'content-type': 'application/json' }
const order = z.object({ id: z.string(), status: z.string() })

/** A command that must succeed. @returns its standard output */
export async function docker(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout } = await run('docker', [...args], {
    cwd: root,
    env: { ...process.env, ...environment },
    maxBuffer: 2 ** 26,
  })
  return stdout.trim()
}

/** Whether compose files can be run here. */
export const composeIsThere = async (): Promise<boolean> => (await composeProblems()).length === 0

export type ComposeProject = Awaited<ReturnType<typeof composeProject>>

export interface Wanted {
  /** Variables of the compose files that name ports; each gets a free one. */
  readonly portNames: readonly string[]
  /** Laid over compose.yaml. */
  readonly overlays?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

/** compose.yaml with all its profiles, under a name and on ports of its own. */
export async function composeProject({ portNames, overlays = [], environment = {} }: Wanted) {
  const name = `paysaga-test-${randomBytes(4).toString('hex')}`
  const free = await freePorts(portNames.length)
  const ports = new Map(portNames.map((portName, index) => [portName, free[index] ?? 0]))
  const variables = { ...Object.fromEntries([...ports].map(([key, port]) => [key, String(port)])), ...environment }
  const files = ['compose.yaml', ...overlays].flatMap((file) => ['--file', `infra/docker/${file}`])
  const profiles = ['services', 'mail'].flatMap((profile) => ['--profile', profile])
  const compose = (...args: readonly string[]) =>
    docker(['compose', '--project-name', name, ...files, ...profiles, ...args], variables)
  const mine = ['--filter', `label=com.docker.compose.project=${name}`]
  return {
    name,
    compose,
    port: (portName: string) => ports.get(portName) ?? 0,
    url: (portName: string, path: string) => `http://127.0.0.1:${ports.get(portName)}${path}`,
    killReplica: async (services: readonly string[], index: number) => {
      await docker(['kill', ...services.map((service) => `${name}-${service}-${index}`)])
    },
    /** What is left of it: containers, networks and named volumes. */
    remains: async () =>
      (
        await Promise.all([
          docker(['ps', '--all', '--quiet', ...mine]),
          docker(['network', 'ls', '--quiet', ...mine]),
          docker(['volume', 'ls', '--quiet', ...mine]),
        ])
      ).filter((ids) => ids !== ''),
  }
}

/** One of the examples, placed over HTTP at whoever takes orders there. */
export async function placeAt(orders: string): Promise<string> {
  const [example] = z
    .array(z.unknown())
    .parse(JSON.parse(await readFile(new URL('examples/orders.json', root), 'utf8')))
  const response = await fetch(orders, {
    method: 'POST',
    headers: { ...headers, 'idempotency-key': randomUUID() },
    body: JSON.stringify(example),
  })
  expect(response.status).toBe(202)
  return order.parse(await response.json()).id
}

export async function statusAt(orders: string, id: string): Promise<string> {
  return order.parse(await (await fetch(`${orders}/${id}`, { headers })).json()).status
}

/** Waits until it is paid. */
export async function expectPaid(orders: string, id: string, timeout = limitMs(30_000)): Promise<void> {
  await expect.poll(() => statusAt(orders, id).catch(String), { timeout, interval: 100 }).toBe('paid')
}
