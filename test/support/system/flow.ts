import { randomUUID } from 'node:crypto'
import { setInterval } from 'node:timers/promises'
import { vi } from 'vitest'
import { z } from 'zod'
import { limitMs, scaledMs } from '../limits.ts'
import { anOrder, type Shop, type ShopOrder } from './shop.ts'
import { untilAll } from './until-all.ts'

/** One POST, sent again under the same key until it is answered: what came of it is known or unknown, never assumed. */
export interface Placing {
  readonly key: string
  /** In the order's metadata, so that SQL can count how often it exists. */
  readonly mark: string
  readonly sent: Promise<void>
  /** Undefined while nobody knows. */
  id?: string
}

/** A request that a crash has cut off may hang. */
const requestTimeoutMs = scaledMs(5_000)
const answer = z.object({ id: z.string() })

async function send(shop: Shop, placing: Placing): Promise<boolean> {
  const body = { ...anOrder, metadata: { mark: placing.mark } }
  try {
    const response = await shop.post(body, { key: placing.key, timeoutMs: requestTimeoutMs })
    if (response.status !== 202) return false
    placing.id = answer.parse(await response.json()).id
    return true
  } catch {
    return false
  }
}

/** Orders that come one after the other, whatever becomes of those before. */
export function startFlow(shop: Shop, { orders, overMs }: { orders: number; overMs: number }) {
  const placings: Placing[] = []
  const placeOne = () => {
    const placing: Placing = { key: randomUUID(), mark: randomUUID(), sent: Promise.resolve() }
    placings.push(Object.assign(placing, { sent: send(shop, placing).then(() => undefined) }))
  }
  const placed = (async () => {
    for await (const _tick of setInterval(overMs / orders)) {
      placeOne()
      if (placings.length === orders) return
    }
  })()
  const acknowledged = (): readonly string[] => placings.flatMap(({ id }) => id ?? [])
  return {
    acknowledged,
    /** Ten are acknowledged, the first of them has moved, and the last can hardly have ended. */
    midway: () =>
      vi.waitUntil(
        async () => {
          const [first] = acknowledged()
          if (first === undefined || acknowledged().length < 10) return false
          return (await shop.get(first)).status !== 'pending'
        },
        { timeout: limitMs(20_000), interval: 5 },
      ),
    /** Every request was answered or failed. @returns those of which nobody knows what became */
    sent: async (): Promise<readonly Placing[]> => {
      await placed
      await Promise.all(placings.map((placing) => placing.sent))
      return placings.filter(({ id }) => id === undefined)
    },
    /** Sends the unknown ones again under their keys until each is answered. */
    resend: (unknown: readonly Placing[]) =>
      Promise.all(
        unknown.map((placing) => vi.waitUntil(() => send(shop, placing), { timeout: limitMs(30_000), interval: 50 })),
      ),
    marks: () => placings.map(({ mark }) => mark),
    /** Resolves when all of them have this status. */
    all: (status: ShopOrder['status'], { timeout }: { timeout: number }) =>
      untilAll(shop, acknowledged(), { status, timeout }),
  }
}

export type Flow = ReturnType<typeof startFlow>
