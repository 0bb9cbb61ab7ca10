import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Between, integersBetween } from '../../bench/load/random.ts'
import { limitMs } from '../support/limits.ts'
import type { Shop } from '../support/system/shop.ts'
import { cancelledByNobody, everyoneIsUpToDate, isTerminal, violations } from './invariants.ts'
import { Load } from './load.ts'
import { collect, knownBefore, stateOf } from './witnesses.ts'

/** What a fault works with. */
export interface World {
  readonly shop: Shop
  readonly load: Load
  readonly between: Between
}

/** What proves that a fault has struck while orders flowed; one that has not is an error, and not a passed test. */
export interface Struck {
  /** In words, with figures. */
  readonly how: string
  /** When everything that was broken was whole again, by this process' clock. */
  readonly healedAt: number
}

export interface RoundOptions {
  readonly name: string
  readonly seed: number
  /** Breaks something in mid-flow, and mends it. Rejects when it did not strike. */
  readonly strike: (world: World) => Promise<Struck>
  readonly perSecond?: number
  /** Where clients send to, the order service's port unless given. */
  readonly port?: () => number
  /** Orders that must be acknowledged after the fault: it is back. 10 unless given. */
  readonly afterwards?: number
  /** Every request must be answered with what it asked for, or with a refusal. */
  readonly failsNoRequest?: boolean
  /** Orders may be cancelled by their deadlines. */
  readonly mayExpire?: boolean
}

/** After the mending everything that was begun comes to its end: something of it moves within so long. */
const stillMaxMs = limitMs(60_000)

/**
 * One fault under load, and the judgement of the witnesses when all is healed and drained.
 * @returns what does not hold, and a line for people with what was seen
 */
export async function round(shop: Shop, options: RoundOptions) {
  const {
    name,
    seed,
    strike,
    perSecond = 10,
    port = () => shop.ports.order,
    afterwards = 10,
    failsNoRequest = false,
    mayExpire = false,
  } = options
  const between = integersBetween(seed)
  const file = join(shop.stack.directory, 'chaos', `${name.replaceAll(/\W+/g, '-')}.jsonl`)
  const strangers = await knownBefore(shop)
  const load = new Load(shop, { perSecond, between, file, port })
  try {
    await load.underWay()
    const struckAt = Date.now()
    const { how, healedAt } = await strike({ shop, load, between: integersBetween(seed + 1) })
    await load.more(afterwards)
    await load.stop()
    const failed = load.requests.filter(({ at, result }) => at >= struckAt && result === 'unknown')
    // As it is now, before they are settled.
    const requests = failed.map((request) => JSON.stringify(request))
    await load.settle()
    const drainedMs = await drained(shop, load, healedAt)
    const facts = await collect(shop, load, strangers)
    const wrong = [
      ...violations(facts).filter((one) => !(mayExpire && one.includes(cancelledByNobody))),
      ...(await repeatsAreTheSame(load)),
      ...(failsNoRequest ? requests.map((request) => `a request failed: ${request}`) : []),
    ]
    const seconds = (ms: number | undefined) => `${((ms ?? Number.NaN) / 1_000).toFixed(1)} s`
    const line =
      `${how}; ${facts.orders.length} orders, ${failed.length} requests unanswered; ` +
      `answers again ${seconds(load.firstAnswerMs(healedAt))} after it was mended, all ended after ${seconds(drainedMs)}`
    return { wrong, line }
  } finally {
    await load.stop()
    load.close()
  }
}

/** Every order has ended, everyone has heard everything, and no call is outstanding. @returns ms since `since` */
async function drained(shop: Shop, load: Load, since: number): Promise<number> {
  let left: readonly string[] = ['it could not be looked at']
  const isDrained = async (): Promise<boolean> => {
    const state = await stateOf(shop, load)
    left = [
      ...state.orders.filter((order) => !isTerminal(order)).map((order) => JSON.stringify(order)),
      ...everyoneIsUpToDate(state),
      ...state.effects.map(({ of, key }) => `a call of ${of} for ${key}`),
    ]
    return left.length === 0
  }
  // A backlog that gets smaller is none that stands still, however long a slow machine takes over it.
  let seen = ''
  let changedAt = Date.now()
  while (!(await isDrained().catch(() => false))) {
    if (left.join() !== seen) changedAt = Date.now()
    seen = left.join()
    if (Date.now() - changedAt > stillMaxMs)
      throw new Error(
        `not drained, and nothing has moved for ${stillMaxMs} ms, ${left.length} left: ${left.slice(0, 3).join('; ')}`,
      )
    await sleep(250)
  }
  return Date.now() - since
}

/** The same request again gets the same answer, and another one under its key gets none. */
async function repeatsAreTheSame(load: Load): Promise<readonly string[]> {
  const wrong: string[] = []
  for (const request of load.requests.filter(({ does, result }) => does === 'place' && result === 'ok').slice(0, 10)) {
    const same = await load.again(request)
    if (same.status !== request.status || same.text !== request.text)
      wrong.push(`was answered differently: ${same.text}`)
    const other = await load.again(request, { ...request.body, paymentMethod: 'pm_card_mastercard' })
    if (other.status !== 422) wrong.push(`took another body under its key: ${other.status}`)
  }
  return wrong
}
