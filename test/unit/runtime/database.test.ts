import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { closeDatabase, createLogger, isDatabaseUnavailable, openDatabase, pingDatabase } from '#runtime'
import { limitMs } from '../../support/limits.ts'

const log = createLogger({ service: 'test', level: 'silent' })
const authenticationOk = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0])
const begun = Buffer.from([0x43, 0, 0, 0, 10, ...Buffer.from('BEGIN\0')])
const readyForQuery = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])

/** A PostgreSQL that lets everybody in and then does with the connection what the test says; by default nothing. */
async function poorServer(onQuery: (socket: Socket) => void = () => {}) {
  let connections = 0
  const server: Server = createServer((socket) => {
    connections += 1
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write(Buffer.concat([authenticationOk, readyForQuery]))
      socket.on('data', () => onQuery(socket))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { url: `postgresql://nobody:secret@127.0.0.1:${address.port}/none`, connections: () => connections }
}

test('throws a connection away whose server has gone silent, in a transaction too', async () => {
  const { url, connections } = await poorServer()
  const db = openDatabase({ url, service: 'test', poolMax: 1, log, statementTimeoutMs: 1, silenceMs: 100 })
  await expect(pingDatabase(db)).rejects.toThrow('Query read timeout')
  await expect(db.transaction().execute((trx) => pingDatabase(trx))).rejects.toSatisfy(isDatabaseUnavailable)
  await expect(pingDatabase(db)).rejects.toSatisfy(isDatabaseUnavailable)
  expect(connections()).toBe(3)
  await closeDatabase(db)
})

test('survives a server that dies between two statements of a transaction', async () => {
  const closing = Promise.withResolvers<void>()
  const { url } = await poorServer((socket) => {
    socket.write(Buffer.concat([begun, readyForQuery]))
    void closing.promise.then(() => socket.destroy())
  })
  const db = openDatabase({ url, service: 'test', poolMax: 1, log })
  const transaction = db.transaction().execute(async (trx) => {
    closing.resolve()
    // Nobody asks the connection anything while it breaks.
    await setTimeout(50)
    await pingDatabase(trx)
  })
  await expect(transaction).rejects.toSatisfy(isDatabaseUnavailable)
  await closeDatabase(db)
})

test('survives a server that dies while nobody uses its connection, and says so', async () => {
  const { promise: dying, resolve: die } = Promise.withResolvers<void>()
  const { url } = await poorServer((socket) => {
    socket.write(Buffer.concat([begun, readyForQuery]))
    void dying.then(() => socket.destroy())
  })
  const warn = vi.spyOn(log, 'warn')
  const db = openDatabase({ url, service: 'test', poolMax: 1, log })
  await pingDatabase(db)
  die()
  await expect
    .poll(() => warn.mock.lastCall, { timeout: limitMs(5_000) })
    .toEqual([{ err: expect.any(Error) }, 'an idle database connection broke'])
  await closeDatabase(db)
})

test('closes in bounded time while a client is in use', async () => {
  const { promise: dying, resolve: die } = Promise.withResolvers<void>()
  const { url, connections } = await poorServer((socket) => void dying.then(() => socket.destroy()))
  const db = openDatabase({ url, service: 'test', poolMax: 1, log })
  const ping = pingDatabase(db).catch(() => {})
  await expect.poll(connections, { timeout: limitMs(10_000), interval: 5 }).toBe(1)
  await expect(closeDatabase(db, { timeoutMs: 50 })).rejects.toThrow('still in use after 50 ms')
  die()
  await ping
})

test.each([
  [Object.assign(new Error('gone'), { code: '57P01' }), true],
  [Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }), true],
  [new Error('Connection terminated unexpectedly'), true],
  [Object.assign(new Error('duplicate key'), { code: '23505' }), false],
  [new TypeError('x is not a function'), false],
])('%s: the database is away is %s', (error, unavailable) => {
  expect(isDatabaseUnavailable(error)).toBe(unavailable)
})
