import { once } from 'node:events'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { decideAll, startParticipant } from '#messaging'
import { createLogger } from '#runtime'
import { smtpMailer } from '../../../apps/notification/mailer.ts'
import { notificationParticipant } from '../../../apps/notification/saga.ts'
import { notifications } from '../../../apps/notification/store.ts'
import type { NotificationDatabase } from '../../../apps/notification/tables.ts'
import { limitMs } from '../../support/limits.ts'
import { freshDatabase, type TestDatabase } from '../../support/system/database.ts'
import { ids } from '../../unit/notification/notifications.ts'
import { type NotificationInput, transitions } from '../../unit/notification/transitions.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase(inject('postgresUrl'))
})
afterAll(() => database[Symbol.asyncDispose]())

test("an order's mails leave one after the other, and one that is refused does not hold up the next", async () => {
  const subjects: (string | undefined)[] = []
  const verdicts = [refusal(451, 'try later'), null, refusal(554, 'spam'), null]
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, _session, done) => {
      let text = ''
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      stream.on('end', () => {
        subjects.push(/^Subject: (.*?)\r?$/m.exec(text)?.[1])
        done(verdicts[subjects.length - 1])
      })
    },
  })
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const address = server.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const mailer = smtpMailer({
    url: `smtp://127.0.0.1:${port}`,
    from: 'orders@paysaga.example',
    maxConnections: 2,
    attemptTimeoutMs: 30_000,
  })
  const participant = notificationParticipant(mailer)
  const db = database.open<NotificationDatabase>('notification_service')
  const log = createLogger({ service: 'test', level: 'error' })
  const kafka = { brokers: ['127.0.0.1:1'], clientId: 'test', sessionTimeoutMs: 6_000 }
  const running = startParticipant(participant, { db, kafka, log })
  const feed = (input: NotificationInput) =>
    db
      .transaction()
      .execute((trx) => decideAll(trx, participant, [{ key: ids.orderId, input, cause: { id: 'c', traceparent: '' } }]))
  for (const type of ['OrderPlaced', 'OrderConfirmed', 'OrderCancelled', 'OrderRefundFailed'] as const)
    await feed(transitions[type].input)
  await vi.waitFor(
    async () => {
      const { rows } = await db.transaction().execute((trx) => notifications.lock(trx, [ids.orderId]))
      expect(rows.get(ids.orderId)?.state.messages.map(({ status }) => status)).toEqual(['sent', 'failed', 'sent'])
    },
    { timeout: limitMs(15_000), interval: 100 },
  )
  expect(subjects).toEqual([
    'Your order is confirmed',
    'Your order is confirmed',
    'Your order is cancelled',
    'Your refund is delayed',
  ])
  await running.stop({ timeoutMs: limitMs(5_000) })
  mailer.close()
  await new Promise<void>((resolve) => server.close(resolve))
})

function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode })
}
