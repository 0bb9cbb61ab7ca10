import { randomUUID } from 'node:crypto'
import { Pool } from 'undici'
import { z } from 'zod'
import type { Sent } from '../system.ts'
import type { Command } from './command.ts'
import { orderOf } from './orders.ts'

const openConnections = 128
/** A run in which so many requests failed is void already; what is left of it would only burn the processor. */
const maxFailures = 100

export interface Sender {
  readonly sent: readonly Sent[]
  /** What went wrong, and how often. */
  readonly failed: ReadonlyMap<string, number>
  /** Too much went wrong to go on, or it was given up. */
  readonly hopeless: boolean
  /** Sends the order with this number and returns when it was answered or has failed; never throws. */
  send(number: number, plannedAtMs: number): Promise<void>
  /** Everything that is still under way fails with this reason. */
  giveUp(reason: string): Promise<void>
}

/**
 * Milliseconds since 1970 with a fraction. The clock of this process: it is set to the machine's when the process
 * starts, and then runs on its own; the process is too short-lived for the two to part.
 */
export function nowMs(): number {
  return performance.timeOrigin + performance.now()
}

export function openSender({ url, headers, load }: Command): Sender {
  const { origin, pathname, search } = new URL(url)
  const connections = load.kind === 'closed' ? load.intensity : openConnections
  const pool = new Pool(origin, { connections, pipelining: 1 })
  // The seed repeats the orders, and a second run must not be taken for a repetition of the first.
  const run = randomUUID().slice(0, 8)
  const sent: Sent[] = []
  const failed = new Map<string, number>()
  let failures = 0

  const fail = (reason: string) => {
    failures += 1
    failed.set(reason, (failed.get(reason) ?? 0) + 1)
  }
  return {
    sent,
    failed,
    get hopeless() {
      return failures >= maxFailures || pool.destroyed
    },
    send: async (number, plannedAtMs) => {
      try {
        const { statusCode, body } = await pool.request({
          method: 'POST',
          path: pathname + search,
          headers: {
            ...headers,
            'content-type': 'application/json',
            'idempotency-key': `${load.seed}-${number}-${run}`,
          },
          body: JSON.stringify(orderOf(load.seed, number)),
        })
        const text = await body.text()
        const answeredAtMs = nowMs()
        const orderId = statusCode === 202 ? idIn(text) : undefined
        if (orderId === undefined) fail(statusCode === 202 ? 'an answer without an id' : `status ${statusCode}`)
        else sent.push({ orderId, plannedAtMs, answeredAtMs })
      } catch (error) {
        fail(reasonOf(error))
      }
    },
    giveUp: async (reason) => {
      await pool.destroy(new Error(reason))
    },
  }
}

/** By hand: this runs for every order, and a schema would cost as much as the sending. */
function idIn(text: string): string | undefined {
  const body: unknown = JSON.parse(text)
  if (typeof body !== 'object' || body === null || !('id' in body)) return undefined
  return typeof body.id === 'string' ? body.id : undefined
}

const coded = z.object({ code: z.string() })

/** The code where there is one: messages name ports and times, and would be counted apart. */
function reasonOf(error: unknown): string {
  const { data } = coded.safeParse(error)
  if (data !== undefined) return data.code
  return error instanceof Error ? error.message : String(error)
}
