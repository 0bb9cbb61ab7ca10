import { createApp, createLogger, createReadiness, runProcess } from '#runtime'
import { config } from './config.ts'
import { mailRoutes } from './http.ts'
import { openMailbox } from './mailbox.ts'
import { serveSmtp } from './smtp.ts'

/** Takes every e-mail by SMTP, delivers none, and shows over HTTP what was sent to whom. */
const service = 'mail-sink'
const log = createLogger({ service, level: config.LOG_LEVEL })
const readiness = createReadiness()
const app = createApp({ service, readiness, log })
const opening = Promise.withResolvers<Awaited<ReturnType<typeof openMailbox>>>()

// Requests that come while the mailbox is being read wait for it.
app.route('/', mailRoutes(opening.promise))

await runProcess({
  service,
  port: config.PORT,
  host: config.HOST,
  log,
  readiness,
  app,
  start: async (life) => {
    const limits = { maxMessages: config.MAIL_MAX_MESSAGES, maxBytes: config.MAIL_MAX_BYTES }
    const mailbox = await openMailbox(config.MAIL_DIR, limits)
    opening.resolve(mailbox)
    const smtp = await serveSmtp({ mailbox, log, port: config.SMTP_PORT, host: config.HOST })
    life.onStop('smtp', () => smtp.close())
    log.info({ messages: mailbox.size, port: smtp.port }, 'takes mail')
  },
})
