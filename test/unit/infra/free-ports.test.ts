import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { freePorts } from '../../../infra/index.ts'

const script = new URL('./print-free-ports.ts', import.meta.url).pathname

test('ports are given once, also to processes of other runs that look for some at the same time', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'paysaga-run-'))
  const own = await freePorts(200)
  const others = [1, 2].map(() => execa(process.execPath, [script, '200'], { stdin: 'pipe', env: { TMPDIR: folder } }))
  const lines = await Promise.all(others.map(async ({ stdout }) => String(await once(stdout, 'data'))))
  for (const other of others) other.stdin.end()
  await Promise.all(others)
  await rm(folder, { recursive: true, force: true })
  const all = [...own, ...lines.flatMap((line) => line.trim().split(' ').map(Number))]
  expect(new Set(all).size).toBe(600)
})

test('ports lie below what the system gives to outgoing connections, and can be listened on', async () => {
  const [port = 0] = await freePorts(1)
  expect(port).toBeGreaterThanOrEqual(20_000)
  expect(port).toBeLessThan(32_000)
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  await new Promise((resolve) => server.close(resolve))
})
