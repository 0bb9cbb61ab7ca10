import type { Readable } from 'node:stream'
import { createTransport } from 'nodemailer'
import { failpoint, NotPerformed } from '#messaging'
import type { Words } from './templates.ts'
import type { Addressee, MailOutcome } from './vocabulary.ts'

export interface Mail extends Words {
  readonly to: Addressee
  readonly orderId: string
  /** The same at every attempt: it becomes the Message-ID, by which mail servers and readers tell repeats. */
  readonly idempotencyKey: string
  readonly signal: AbortSignal
}

export interface Mailer {
  /** For one attempt, in milliseconds: less than the caller should grant, for who gives up first knows what had left. */
  readonly attemptTimeoutMs: number
  /**
   * One attempt. Resolves when the server has taken the mail or refused it for good.
   * @throws NotPerformed when it certainly has not taken it: away, busy, or at odds with us about something else
   * @throws Error when nobody knows: the mail had begun to leave and no answer came
   */
  send(mail: Mail): Promise<MailOutcome>
  /** Talks to the server once without a mail, so that the first mail finds everything loaded. Rejects when it does not answer. */
  open(): Promise<unknown>
  /** Ends idle connections at once and the others after their mail. */
  close(): void
}

export interface SmtpOptions {
  /** `smtp://user:password@host:port`, or `smtps://…` */
  readonly url: string
  /** The address that mails come from. Its domain is that of their Message-IDs. */
  readonly from: string
  readonly maxConnections: number
  /** For one attempt, with its wait for a connection of the pool. */
  readonly attemptTimeoutMs: number
}

const timeouts = {
  dnsTimeout: 5_000,
  connectionTimeout: 5_000,
  greetingTimeout: 5_000,
  // Silence of the server within a conversation. RFC 5321, 4.5.3.2 would grant it minutes; the lease does not.
  socketTimeout: 15_000,
}

export function smtpMailer({ url, from, maxConnections, attemptTimeoutMs }: SmtpOptions): Mailer {
  const transport = createTransport({
    ...timeouts,
    url,
    maxConnections,
    pool: true,
    // Whether to try again is not the pool's to decide: the effect's runner knows the lease and counts the attempts.
    maxRequeues: 0,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const domain = from.slice(from.lastIndexOf('@') + 1)
  const bodies = new WeakMap<AbortSignal, Readable>()
  transport.use('stream', ({ message, data }, done) => {
    const create = message.createReadStream.bind(message)
    message.createReadStream = (options) => {
      failpoint('mail.leaves')
      const body = create(options)
      if (data.signal !== undefined) bodies.set(data.signal, body)
      return body
    }
    done()
  })
  return {
    attemptTimeoutMs,
    async send({ to, orderId, idempotencyKey, ...mail }) {
      // One of its own for each attempt, since it also names the attempt's body.
      const signal = AbortSignal.any([mail.signal, AbortSignal.timeout(attemptTimeoutMs)])
      try {
        const info = await transport.sendMail({
          from,
          to: { name: to.name ?? '', address: to.email },
          subject: mail.subject,
          text: mail.text,
          html: mail.html,
          messageId: `<${idempotencyKey.replaceAll('/', '.')}@${domain}>`,
          headers: { 'X-Order-Id': orderId, 'X-Entity-Ref-ID': idempotencyKey, 'Auto-Submitted': 'auto-generated' },
          signal,
        })
        return { type: 'MailSent', providerId: info.messageId }
      } catch (error) {
        return refusalIn(error, { mayHaveLeft: bodies.get(signal)?.readableDidRead === true })
      }
    },
    open: () => transport.verify(),
    close: () => transport.close(),
  }
}

/** "Service not available, closing transmission channel" (RFC 5321): said to whatever comes. */
const closing = 421

/** 5yz to recipient or content refuses this mail for good; to greeting, log-in or our own address it would refuse all. */
function refusalIn(error: unknown, { mayHaveLeft }: { readonly mayHaveLeft: boolean }): MailOutcome {
  const { code, command, responseCode, message } = describe(error)
  const isAboutThisMail = (code === 'EENVELOPE' || code === 'EMESSAGE') && command !== 'MAIL FROM'
  if (responseCode === undefined) {
    if (isAboutThisMail)
      return { type: 'MailFailed', code: code === 'EENVELOPE' ? 'invalid_address' : 'invalid_message' }
    // Without an answer only this tells: the body is read when the server has said that it takes it, and not before.
    if (mayHaveLeft)
      throw new Error(
        `The connection ended after the mail had begun to leave: ${typeof code === 'string' ? code : message}`,
      )
    throw new NotPerformed(`The mail server does not answer: ${typeof code === 'string' ? code : message}`)
  }
  // 503 is about the order of commands: the same mail may pass on a new connection.
  const isPermanent = responseCode >= 500 && responseCode !== 503
  if (isAboutThisMail && isPermanent) return { type: 'MailFailed', code: String(responseCode) }
  // The server's words are left out: they repeat the recipient's address.
  const answer = `The mail server answered ${responseCode} to ${typeof command === 'string' ? command : 'a command'}`
  // What is about this mail must end some day; what would refuse every mail waits for the server as long as it takes.
  throw isAboutThisMail && responseCode !== closing ? new Error(answer) : new NotPerformed(answer)
}

interface SmtpFailure {
  readonly message: string
  readonly code?: unknown
  readonly command?: unknown
  /** What the server answered, if it did. */
  readonly responseCode?: number
}

function describe(error: unknown): SmtpFailure {
  if (!(error instanceof Error)) return { message: String(error) }
  const reply = 'responseCode' in error ? error.responseCode : undefined
  return {
    message: error.message,
    ...('code' in error ? { code: error.code } : {}),
    ...('command' in error ? { command: error.command } : {}),
    ...(typeof reply === 'number' ? { responseCode: reply } : {}),
  }
}
