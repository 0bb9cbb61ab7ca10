import { expect, test, vi } from 'vitest'
import { openGenerator } from '../../../bench/load/generate.ts'
import { orderOf } from '../../../bench/load/orders.ts'
import { sendLoad } from '../../../bench/load/send-load.ts'
import { limitMs } from '../../support/limits.ts'
import { type Asked, openWindow } from './shop-window.ts'

// Each starts a process, which takes its time on a busy machine.
vi.setConfig({ testTimeout: limitMs(20_000) })

const open = { kind: 'open', intensity: 1_000, seconds: 0.02, seed: 7 } as const
const closed = { kind: 'closed', intensity: 3, seconds: 0.05, seed: 7 } as const

async function generate(...[system, load]: Parameters<typeof openGenerator>) {
  await using generator = await openGenerator(system, load)
  return await generator.run()
}

test('sends the orders of its seed, each under a key of its own, and names those that were answered', async () => {
  const window = await openWindow((asked) => asked.answer())
  const { sent, failed, cpuSeconds } = await generate(window, open)
  expect(failed).toEqual([])
  const bodies = Array.from({ length: 20 }, (_, number) => JSON.stringify(orderOf(7, number)))
  expect(window.all.map(({ body }) => body).toSorted()).toEqual(bodies.toSorted())
  expect(new Set(window.all.map(({ key }) => key)).size).toBe(20)
  expect(new Set(window.all.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer key']))
  expect(new Set(sent.map(({ orderId }) => orderId)).size).toBe(20)
  expect(cpuSeconds).toBeGreaterThan(0)
})

test('the same load sent twice has other keys', async () => {
  const window = await openWindow((asked) => asked.answer())
  await sendLoad({ ...window.orders, load: open })
  await sendLoad({ ...window.orders, load: open })
  expect(new Set(window.all.map(({ key }) => key)).size).toBe(40)
})

test('an open load waits for no answer, and counts from the plan', async () => {
  // It answers nothing before it has been asked everything: a sender that waits would wait for ever.
  const window = await openWindow((_, all) => {
    if (all.length === 20) for (const asked of all) asked.answer()
  })
  const { sent, failed } = await generate(window, open)
  expect(failed).toEqual([])
  const planned = sent.map(({ plannedAtMs }) => plannedAtMs).toSorted((a, b) => a - b)
  const gaps = planned.slice(1).map((atMs, index) => Math.round((atMs - (planned[index] ?? 0)) * 100) / 100)
  expect(gaps).toEqual(Array.from({ length: 19 }, () => 1))
  const firstAnswerMs = Math.min(...sent.map(({ answeredAtMs }) => answeredAtMs))
  expect(firstAnswerMs).toBeGreaterThanOrEqual(planned.at(-1) ?? Infinity)
})

test('an order that had to queue for a connection keeps its planned time', async () => {
  // More than there are connections, all due within 2 ms, and none is answered before the connections are used up.
  const window = await openWindow((asked, all) => {
    if (all.length === 128) for (const each of all) each.answer()
    if (all.length > 128) asked.answer()
  })
  const { sent, failed } = await sendLoad({
    ...window.orders,
    load: { kind: 'open', intensity: 100_000, seconds: 0.002, seed: 1 },
  })
  expect(failed).toEqual([])
  const planned = sent.map(({ plannedAtMs }) => plannedAtMs)
  expect(planned).toHaveLength(200)
  expect(Math.max(...planned) - Math.min(...planned)).toBeCloseTo(1.99, 2)
})

test('a closed load has as many orders under way as it has connections, and no more', async () => {
  const waiting: Asked[] = []
  let most = 0
  // The first three wait for each other, which shows three; those after them are answered when they come.
  const window = await openWindow((asked, all) => {
    waiting.push(asked)
    most = Math.max(most, waiting.length)
    if (all.length >= 3) for (const each of waiting.splice(0)) each.answer()
  })
  const { sent, failed } = await sendLoad({ ...window.orders, load: closed })
  expect(failed).toEqual([])
  expect(sent).toHaveLength(window.all.length)
  expect(most).toBe(3)
})

test.each([
  ['is refused', (asked: Asked) => asked.answer(503, '{}'), ['20 × status 503']],
  ['is answered without an id', (asked: Asked) => asked.answer(202, '{}'), ['20 × an answer without an id']],
  ['is hung up on', (asked: Asked) => asked.drop(), ['20 × UND_ERR_SOCKET']],
])('counts what %s as failed', async (_, whenAsked, reasons) => {
  const window = await openWindow(whenAsked)
  const { sent, failed } = await sendLoad({ ...window.orders, load: open })
  expect(sent).toEqual([])
  expect(failed).toEqual(reasons)
})

test('counts the answered and the failed of one load apart', async () => {
  const window = await openWindow((asked, all) => (all.length % 4 === 0 ? asked.answer(500) : asked.answer()))
  const { sent, failed } = await generate(window, open)
  expect(sent).toHaveLength(15)
  expect(failed).toEqual(['5 × status 500'])
})

test('gives up on what is never answered', async () => {
  const window = await openWindow(() => {})
  const { sent, failed } = await sendLoad({ ...window.orders, load: closed }, 1)
  expect(sent).toEqual([])
  // A busy machine may not have opened all of its connections in that time.
  expect(failed.join()).toMatch(/^[1-3] × no answer within 1 ms of the load's end$/)
})

test('ends long before its time when everything fails', async () => {
  const window = await openWindow((asked) => asked.answer(500))
  const { failed } = await sendLoad({ ...window.orders, load: { ...closed, seconds: 3_600 } })
  expect(failed.join()).toMatch(/^10[0-2] × status 500$/)
})

test.each([
  ['https://127.0.0.1:3001/orders', /http on this machine/],
  ['http://192.0.2.1/orders', /http on this machine/],
  ['http://127.0.0.1.example.com/orders', /http on this machine/],
  ['orders', /URL/],
])('refuses to send to %s', async (url, reason) => {
  await expect(generate({ orders: { url, headers: {} } }, open)).rejects.toThrow(reason)
})

test.each([
  [{ ...closed, intensity: 1.5 }, /whole number of connections/],
  [{ ...open, intensity: 1_000_000, seconds: 2 }, /not come to more than 1000000 orders/],
  [{ ...open, intensity: 0 }, /intensity/],
])('refuses %j', async (load, reason) => {
  await expect(generate({ orders: { url: 'http://localhost:1/orders', headers: {} } }, load)).rejects.toThrow(reason)
})
