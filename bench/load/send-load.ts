import { setTimeout as sleep } from 'node:timers/promises'
import type { Load } from '../system.ts'
import type { Command, Generated } from './command.ts'
import { dueAfterMs, plannedOrders } from './plan.ts'
import { nowMs, openSender, type Sender } from './sender.ts'

/** After the load's end. A system that answers later than that has failed. */
const defaultStragglersMs = 30_000

/** Sends one load and returns when every order was answered, has failed, or is given up. */
export async function sendLoad(command: Command, stragglersMs = defaultStragglersMs): Promise<Generated> {
  const { load } = command
  const sender = openSender(command)
  const before = process.cpuUsage()
  const startMs = nowMs()
  const limit = setTimeout(
    () => void sender.giveUp(`no answer within ${stragglersMs} ms of the load's end`),
    load.seconds * 1000 + stragglersMs,
  )
  await (load.kind === 'closed' ? sendClosed(sender, load, startMs) : sendOpen(sender, load, startMs))
  clearTimeout(limit)
  const { user, system } = process.cpuUsage(before)
  await sender.giveUp('the load has ended')
  return {
    sent: [...sender.sent],
    failed: [...sender.failed].map(([reason, times]) => `${times} × ${reason}`),
    cpuSeconds: (user + system) / 1e6,
  }
}

/** So many connections, each with one order under way: what a system does at most when nobody hurries it. */
async function sendClosed(sender: Sender, load: Load, startMs: number): Promise<void> {
  const endMs = startMs + load.seconds * 1000
  let number = 0
  const connection = async () => {
    while (nowMs() < endMs && !sender.hopeless) await sender.send(number++, nowMs())
  }
  await Promise.all(Array.from({ length: load.intensity }, connection))
}

/**
 * Each order at its time, whatever became of those before it: customers do not wait for each other, and a sender that
 * does hides how long they would have waited (coordinated omission). A timer comes up to a millisecond late; that
 * millisecond counts as latency too.
 */
async function sendOpen(sender: Sender, load: Load, startMs: number): Promise<void> {
  const orders = plannedOrders(load)
  const underWay: Promise<void>[] = []
  for (let number = 0; number < orders && !sender.hopeless; number += 1) {
    const dueAtMs = startMs + dueAfterMs(load, number)
    for (let earlyMs = dueAtMs - nowMs(); earlyMs > 0; earlyMs = dueAtMs - nowMs()) await sleep(earlyMs)
    underWay.push(sender.send(number, dueAtMs))
  }
  await Promise.all(underWay)
}
