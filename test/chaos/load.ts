import { randomUUID } from 'node:crypto'
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { vi } from 'vitest'
import { z } from 'zod'
import type { Between } from '../../bench/load/random.ts'
import { slowness } from '../support/config.ts'
import { limitMs, scaledMs } from '../support/limits.ts'
import { anOrder, type Shop } from '../support/system/shop.ts'

/**
 * What a client knows of a request. `ok`: it was answered with what it had asked for; `refused`: nothing has happened, and
 * somebody said so; `unknown`: nobody said anything, or that nobody knows.
 */
export type Result = 'ok' | 'refused' | 'unknown'

export interface Request {
  readonly does: 'place' | 'cancel' | 'refund'
  readonly mark: string
  readonly key: string
  readonly path: string
  readonly body: object
  readonly at: number
  answeredAt: number | undefined
  result: Result | undefined
  status: number | undefined
  text: string
}

/** What this client wants of an order: 'declined' is a card that is refused. */
export type Wish = 'paid' | 'declined' | 'cancelled' | 'refunded'

export interface Placed {
  readonly wish: Wish
  readonly mark: string
  readonly placing: Request
  /** Known once the placing was answered. */
  id: string | undefined
}

export interface LoadOptions {
  /** On a machine as fast as the tests were written on, and less on a slower one: more than it can do would only pile up. */
  readonly perSecond: number
  readonly between: Between
  /** Every request, before it is sent and when it is answered, one JSON line each. */
  readonly file: string
  /** Of the order service. Asked for each request: a balancer answers differently each time. */
  readonly port: () => number
}

/** Of the refunds that are asked for: less than an order costs. */
export const refundMinor = 580

/** One that a fault has cut off may hang. */
const requestTimeoutMs = scaledMs(5_000)
const placedBody = z.object({ id: z.string() })

export class Load {
  readonly placed: Placed[] = []
  readonly requests: Request[] = []
  readonly #shop: Shop
  readonly #options: LoadOptions
  readonly #file: number
  readonly #pending = new Set<Promise<void>>()
  readonly #stopped = new AbortController()
  readonly #ended: Promise<void>
  #isPaused = false

  /** Orders begin to come at once, one after the other, whatever becomes of those before. */
  constructor(shop: Shop, options: LoadOptions) {
    this.#shop = shop
    this.#options = options
    mkdirSync(dirname(options.file), { recursive: true })
    this.#file = openSync(options.file, 'a')
    this.#ended = this.#flow()
  }

  /** Ten are acknowledged, and the first of them has moved: what is broken now is broken in mid-flow. */
  async underWay(): Promise<void> {
    await vi.waitUntil(
      async () => {
        const known = this.placed.filter(({ id }) => id !== undefined)
        const [first] = known
        return known.length >= 10 && first?.id !== undefined && (await this.#shop.get(first.id)).status !== 'pending'
      },
      { timeout: limitMs(30_000), interval: 20 },
    )
  }

  /** Resolves when that many more orders were acknowledged. */
  async more(count: number, { timeoutMs = limitMs(30_000) } = {}): Promise<void> {
    const acknowledged = () => this.placed.filter(({ id }) => id !== undefined).length
    const before = acknowledged()
    await vi.waitUntil(() => acknowledged() >= before + count, { timeout: timeoutMs, interval: 20 })
  }

  /** Resolves when an order is paid that is placed from now on: everything works again, all the way. */
  async onePaid(shop: Shop): Promise<void> {
    const since = Date.now()
    const isPaid = async (): Promise<boolean> => {
      const fresh = this.placed.filter(
        ({ wish, placing, id }) => wish === 'paid' && placing.at >= since && id !== undefined,
      )
      const orders = await Promise.all(fresh.slice(0, 5).map(({ id = '' }) => shop.get(id)))
      return orders.some(({ status }) => status === 'paid')
    }
    await vi.waitUntil(() => isPaid().catch(() => false), { timeout: limitMs(60_000), interval: 100 })
  }

  /** Nobody orders anything for a while. */
  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
  }

  /** No more orders; resolves when every request was answered or given up. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#ended
    while (this.#pending.size > 0) await Promise.all(this.#pending)
  }

  /** After everything else. */
  close(): void {
    closeSync(this.#file)
  }

  /** Sends what nobody knows of again, under its key, until it is answered. */
  async settle(): Promise<void> {
    const unknown = this.requests.filter(({ result }) => result === 'unknown')
    for (const request of unknown) {
      await vi.waitUntil(async () => (await this.#attempt(request)) !== 'unknown', {
        timeout: limitMs(30_000),
        interval: 50,
      })
    }
  }

  /** Asks again under the key of one that was answered, and with another body if given: what a client may not notice. */
  async again(request: Request, body: object = request.body): Promise<{ status: number; text: string }> {
    const response = await this.#send({ ...request, body })
    return { status: response.status, text: await response.text() }
  }

  /** How long after that moment the first request was answered that was sent after it: ms. */
  firstAnswerMs(since: number): number | undefined {
    const answered = this.requests.filter(({ at, result }) => at >= since && result === 'ok')
    const times = answered.flatMap(({ answeredAt }) => (answeredAt === undefined ? [] : [answeredAt - since]))
    return times.length === 0 ? undefined : Math.min(...times)
  }

  async #flow(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      if (!this.#isPaused) this.#track(this.#order())
      await sleep((1_000 / this.#options.perSecond) * slowness)
    }
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#pending.delete(tracked))
    this.#pending.add(tracked)
  }

  async #order(): Promise<void> {
    const { between } = this.#options
    const wish = wishOf(between(1, 10))
    const mark = randomUUID()
    const body = {
      ...anOrder,
      metadata: { mark },
      ...(wish === 'declined' ? { paymentMethod: 'pm_card_chargeDeclined' } : {}),
    }
    const pauseMs = between(0, 400)
    const placing = this.#ask({ does: 'place', mark, path: '/orders', body })
    const placed: Placed = { wish, mark, placing: placing.request, id: undefined }
    this.placed.push(placed)
    if ((await placing.result) !== 'ok') return
    if (wish !== 'cancelled' && wish !== 'refunded') return
    // A refund of what is not captured yet is refused, and that is an answer too.
    await sleep(wish === 'cancelled' ? pauseMs : 2 * pauseMs)
    const does = wish === 'cancelled' ? 'cancel' : 'refund'
    const path = `/orders/${placed.id}/${does === 'cancel' ? 'cancel' : 'refunds'}`
    await this.#ask({ does, mark, path, body: does === 'cancel' ? {} : { amountMinor: refundMinor } }).result
  }

  #ask(what: Pick<Request, 'does' | 'mark' | 'path' | 'body'>) {
    const request: Request = {
      ...what,
      key: randomUUID(),
      at: Date.now(),
      answeredAt: undefined,
      result: undefined,
      status: undefined,
      text: '',
    }
    this.requests.push(request)
    this.#write({ at: request.at, does: request.does, mark: request.mark, key: request.key, path: request.path })
    return { request, result: this.#attempt(request) }
  }

  async #attempt(request: Request): Promise<Result> {
    let result: Result = 'unknown'
    try {
      const response = await this.#send(request)
      request.text = await response.text()
      request.status = response.status
      if (response.status < 300) result = 'ok'
      else if (response.status < 500) result = 'refused'
    } catch (error) {
      request.text = String(error instanceof Error ? (error.cause ?? error) : error)
    }
    request.result = result
    request.answeredAt = Date.now()
    const { mark, key, status } = request
    this.#write({ at: request.answeredAt, mark, key, result, status })
    if (result === 'ok' && request.does === 'place') {
      const placed = this.placed.find((one) => one.mark === mark)
      if (placed !== undefined) placed.id = placedBody.parse(JSON.parse(request.text)).id
    }
    return result
  }

  #send({ path, key, body }: Pick<Request, 'path' | 'key' | 'body'>): Promise<Response> {
    return fetch(this.#shop.url(this.#options.port(), path), {
      method: 'POST',
      headers: { ...this.#shop.headers, 'idempotency-key': key },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(requestTimeoutMs),
    })
  }

  #write(line: object): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`)
  }
}

function wishOf(tenth: number): Wish {
  if (tenth === 1) return 'declined'
  if (tenth <= 3) return 'cancelled'
  return tenth <= 5 ? 'refunded' : 'paid'
}
