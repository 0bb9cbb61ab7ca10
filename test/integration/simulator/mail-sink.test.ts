import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { createTransport } from 'nodemailer'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { freePorts } from '../../../infra/index.ts'
import { limitMs } from '../../support/limits.ts'

const script = new URL('../../../apps/simulators/mail/main.ts', import.meta.url).pathname
const list = z.object({ messages: z.array(z.looseObject({ id: z.string(), subject: z.string() })) })
let directory: string
let ports: { http: number; smtp: number }
let child: ReturnType<typeof spawn>

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mail-'))
  const [http = 0, smtp = 0] = await freePorts(2)
  ports = { http, smtp }
  await start()
})

afterEach(async () => {
  child.kill('SIGTERM')
  await child
  await rm(directory, { recursive: true })
})

const spawn = () =>
  execa(process.execPath, [script], {
    env: {
      PORT: String(ports.http),
      SMTP_PORT: String(ports.smtp),
      MAIL_DIR: directory,
      MAIL_MAX_MESSAGES: '3',
      NODE_ENV: 'production',
    },
    reject: false,
  })

async function start(): Promise<void> {
  child = spawn()
  const ready = () =>
    get('/readyz').then(
      ({ ok }) => ok,
      () => false,
    )
  await vi.waitUntil(ready, { timeout: limitMs(10_000), interval: 20 })
}

const get = (path: string) => fetch(`http://127.0.0.1:${ports.http}${path}`)
const messages = async (query = '') => list.parse(await (await get(`/messages${query}`)).json()).messages
const subjects = async (query = '') => (await messages(query)).map(({ subject }) => subject)

async function send(subject: string, more: { to?: string; orderId?: string; text?: string } = {}): Promise<void> {
  const { to = 'ann@example.org', orderId = 'o1', text = 'Grüße' } = more
  const transport = createTransport({ host: '127.0.0.1', port: ports.smtp })
  await transport.sendMail({ from: 'shop@example.org', to, subject, text, headers: { 'X-Order-Id': orderId } })
  transport.close()
}

test('keeps every message and finds it by recipient and by order', async () => {
  await send('Confirmed – 1', { orderId: 'o1' })
  await send('Confirmed – 2', { orderId: 'o2', to: 'Ben@example.org' })
  expect(await subjects()).toEqual(['Confirmed – 2', 'Confirmed – 1'])
  expect(await subjects('?to=ben@example.org')).toEqual(['Confirmed – 2'])
  expect(await subjects('?orderId=o1')).toEqual(['Confirmed – 1'])
  expect(await subjects('?orderId=o1&to=ben@example.org')).toEqual([])

  const [first] = await messages('?orderId=o1')
  expect(await (await get(`/messages/${first?.id}`)).json()).toMatchObject({
    from: 'shop@example.org',
    to: ['ann@example.org'],
    orderId: 'o1',
    messageId: expect.stringMatching(/^<.+@example\.org>$/),
    text: 'Grüße\n',
    headers: expect.arrayContaining([{ name: 'x-order-id', value: 'o1' }]),
  })
  expect((await get('/messages/01990000-0000-7000-8000-000000000001')).status).toBe(404)
})

test('has after SIGKILL every message that it took, and nothing of one cut in half', async () => {
  await send('before')
  child.kill('SIGKILL')
  await child
  await writeFile(join(directory, 'half.eml.part'), 'Subject: ha')
  await start()
  expect(await subjects()).toEqual(['before'])
  await send('after')
  expect(await subjects()).toEqual(['after', 'before'])
  expect(await readdir(directory)).toHaveLength(2)
})

test('drops the oldest beyond its limit, from disk too', async () => {
  for (const subject of ['1', '2', '3', '4', '5']) await send(subject)
  expect(await subjects()).toEqual(['5', '4', '3'])
  expect(await readdir(directory)).toHaveLength(3)
})

test('refuses a message that is too large', async () => {
  await expect(send('large', { text: 'x'.repeat(1_100_000) })).rejects.toMatchObject({ responseCode: 552 })
  expect(await subjects()).toEqual([])
})

test('shows a list in which nothing that a sender wrote can run', async () => {
  await send('<script>alert(1)</script>')
  const response = await get('/')
  const page = await response.text()
  expect(page).toContain('&lt;script&gt;alert(1)')
  expect(page).not.toContain('<script')
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
})
