import { EventEmitter, once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import PostalMime from 'postal-mime'
import { afterEach, describe, expect, test } from 'vitest'
import { NotPerformed } from '#messaging'
import { type Mail, type Mailer, smtpMailer } from '../../../apps/notification/mailer.ts'

const orderId = '01990000-0000-7000-8000-000000000001'
const idempotencyKey = `${orderId}/mail/2`
const messageId = `<${orderId}.mail.2@paysaga.example>`
const mail: Mail = {
  to: { email: 'ada@example.com', name: 'Ada "the first" Löwe' },
  subject: 'Your order is confirmed',
  text: 'Hello Ada,\n',
  html: '<p>Hello Ada,</p>\n',
  orderId,
  idempotencyKey,
  signal: new AbortController().signal,
}

const opened: (() => void)[] = []
afterEach(() => {
  for (const close of opened.splice(0)) close()
})

/** What the server answers to each command; `close` cuts the line, `silence` leaves the client waiting. */
type Script = Partial<Record<'GREETING' | 'MAIL' | 'RCPT' | 'DATA' | '.', string>>
const polite = {
  GREETING: '220 hello',
  MAIL: '250 ok',
  RCPT: '250 ok',
  DATA: '354 go on',
  '.': '250 2.0.0 queued as 7',
}

interface Server {
  readonly mailer: Mailer
  readonly mails: readonly string[]
  /** Emits what it hears, under the names of the script. */
  readonly hears: EventEmitter
}

/** A mail server that speaks just enough SMTP to break off anywhere. */
async function mailServer(script: Script = {}): Promise<Server> {
  const answers = { ...polite, ...script }
  const mails: string[] = []
  const hears = new EventEmitter()
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    const answer = (command: keyof Script) => {
      hears.emit(command)
      const answer = answers[command]
      if (answer === 'close') socket.destroy()
      else if (answer !== 'silence') socket.write(`${answer}\r\n`)
    }
    answer('GREETING')
    let text = ''
    let inBody = false
    const take = (end: string): string | undefined => {
      const at = text.indexOf(end)
      if (at === -1) return undefined
      const taken = text.slice(0, at)
      text = text.slice(at + end.length)
      return taken
    }
    socket.on('data', (chunk) => {
      text += chunk.toString()
      for (
        let line = take(inBody ? '\r\n.\r\n' : '\r\n');
        line !== undefined;
        line = take(inBody ? '\r\n.\r\n' : '\r\n')
      ) {
        const command = line.slice(0, 4)
        if (inBody) {
          mails.push(line)
          inBody = false
          answer('.')
        } else if (command === 'MAIL' || command === 'RCPT' || command === 'DATA') {
          inBody = command === 'DATA' && answers.DATA.startsWith('354')
          answer(command)
        } else socket.write('250 ok\r\n')
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const mailer = mailerAt(port)
  opened.push(() => {
    mailer.close()
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { mailer, mails, hears }
}

function mailerAt(port: number): Mailer {
  return smtpMailer({
    url: `smtp://127.0.0.1:${port}`,
    from: 'orders@paysaga.example',
    maxConnections: 2,
    attemptTimeoutMs: 30_000,
  })
}

/** `sent`, `failed <code>`, `not performed`, `unknown`, or that its time runs. */
async function fateOf(attempt: Promise<Awaited<ReturnType<Mailer['send']>>>): Promise<string> {
  try {
    const outcome = await attempt
    return outcome.type === 'MailFailed' ? `failed ${outcome.code}` : outcome.type
  } catch (error) {
    if (error instanceof NotPerformed) return 'not performed'
    const answered = error instanceof Error && /^The mail server answered \d{3} to [A-Z ]+$/.test(error.message)
    return answered ? 'to be tried until its horizon' : 'unknown'
  }
}

test('a mail carries its words, its addressee and, at every attempt, the same ids', async () => {
  const { mailer, mails } = await mailServer()
  expect(await mailer.send(mail)).toEqual({ type: 'MailSent', providerId: messageId })
  expect(await mailer.send(mail)).toEqual({ type: 'MailSent', providerId: messageId })
  const [first, second] = await Promise.all(mails.map((raw) => PostalMime.parse(raw)))
  expect([first?.messageId, second?.messageId]).toEqual([messageId, messageId])
  expect(first).toMatchObject({
    from: { address: 'orders@paysaga.example' },
    to: [{ address: 'ada@example.com', name: 'Ada "the first" Löwe' }],
    subject: 'Your order is confirmed',
  })
  expect([first?.text?.trim(), first?.html?.trim()]).toEqual(['Hello Ada,', '<p>Hello Ada,</p>'])
  const headers = new Map(first?.headers.map(({ key, value }) => [key, value]))
  expect([headers.get('x-order-id'), headers.get('x-entity-ref-id')]).toEqual([orderId, idempotencyKey])
})

test('the mailer talks to its server before the first mail, and sends none by that', async () => {
  const { mailer, mails, hears } = await mailServer()
  const greeted = once(hears, 'GREETING')
  await mailer.open()
  await greeted
  expect(mails).toEqual([])
  expect(await mailer.send(mail)).toMatchObject({ type: 'MailSent' })
})

describe('what the server says decides', () => {
  test.each([
    { says: { RCPT: '550 no such user' }, fate: 'failed 550' },
    { says: { '.': '554 looks like spam' }, fate: 'failed 554' },
    { says: { RCPT: '450 try later' }, fate: 'to be tried until its horizon' },
    { says: { '.': '451 try later' }, fate: 'to be tried until its horizon' },
    { says: { DATA: '421 closing' }, fate: 'not performed' },
    { says: { RCPT: '503 out of order' }, fate: 'to be tried until its horizon' },
    { says: { MAIL: '530 log in first' }, fate: 'not performed' },
    { says: { GREETING: '554 not for you' }, fate: 'not performed' },
    { says: { GREETING: 'close' }, fate: 'not performed' },
    { says: { RCPT: 'close' }, fate: 'not performed' },
    { says: { DATA: 'close' }, fate: 'not performed' },
    { says: { '.': 'close' }, fate: 'unknown' },
  ])('$says: $fate', async ({ says, fate }) => {
    const { mailer } = await mailServer(says)
    expect(await fateOf(mailer.send(mail))).toBe(fate)
  })
})

test('a mail without an answer is sent once, and never again behind our back', async () => {
  const { mailer, mails } = await mailServer({ '.': 'close' })
  expect(await fateOf(mailer.send(mail))).toBe('unknown')
  expect(mails).toHaveLength(1)
})

test('a connection that is cut is not opened again behind our back', async () => {
  const { mailer, hears } = await mailServer({ GREETING: 'close' })
  let connections = 0
  hears.on('GREETING', () => {
    connections += 1
  })
  expect(await fateOf(mailer.send(mail))).toBe('not performed')
  expect(connections).toBe(1)
})

test('a mail that is called off is unknown once its text has left, and not performed before', async () => {
  for (const [command, fate] of [
    ['RCPT', 'not performed'],
    ['.', 'unknown'],
  ] as const) {
    const { mailer, mails, hears } = await mailServer({ [command]: 'silence' })
    const heard = once(hears, command)
    const aborter = new AbortController()
    const attempt = fateOf(mailer.send({ ...mail, signal: aborter.signal }))
    await heard
    expect(mails).toHaveLength(command === '.' ? 1 : 0)
    aborter.abort()
    expect(await attempt).toBe(fate)
  }
})

test('a mail server that is away has taken nothing', async () => {
  const mailer = mailerAt(1)
  expect(await fateOf(mailer.send(mail))).toBe('not performed')
  mailer.close()
})
