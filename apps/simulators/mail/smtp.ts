import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server'
import type { Log } from '#runtime'
import type { Mailbox } from './mailbox.ts'

export interface SmtpOptions {
  readonly mailbox: Mailbox
  readonly log: Log
  readonly port: number
  readonly host: string
}

const messageMaxBytes = 1024 * 1024
const clientsMax = 200
const idleTimeoutMs = 60_000
const closeTimeoutMs = 2_000

/** A server that takes mail for anybody from anybody, and says 250 once it is on disk. */
export async function serveSmtp({ mailbox, log, port, host }: SmtpOptions) {
  const server = new SMTPServer({
    name: 'mail-sink',
    size: messageMaxBytes,
    maxClients: clientsMax,
    socketTimeout: idleTimeoutMs,
    closeTimeout: closeTimeoutMs,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    onData(stream, session, callback) {
      void reply(take(stream, session, mailbox), callback, log)
    },
  })
  // A client that goes away in the middle of its words.
  server.on('error', (err) => log.debug({ err }, 'an SMTP connection broke'))
  const listener = server.listen(port, host)
  await once(listener, 'listening')
  const address = listener.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () => new Promise<void>((resolve) => server.close(resolve)),
  }
}

async function take(stream: SMTPServerDataStream, { envelope }: SMTPServerSession, mailbox: Mailbox): Promise<void> {
  const raw = await buffer(stream)
  if (stream.sizeExceeded) throw replying(552, `A message may have ${messageMaxBytes} bytes`)
  await mailbox.add({
    from: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
    to: envelope.rcptTo.map(({ address }) => address),
    raw,
  })
}

async function reply(taken: Promise<void>, callback: (error?: Error) => void, log: Log): Promise<void> {
  try {
    await taken
  } catch (err) {
    log.warn({ err }, 'refused a message')
    callback(err instanceof Error ? err : new Error(String(err)))
    return
  }
  callback()
}

const replying = (responseCode: number, message: string): Error => Object.assign(new Error(message), { responseCode })
