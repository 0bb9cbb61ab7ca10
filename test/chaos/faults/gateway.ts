import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Fault } from '../../../apps/simulators/gateway/faults/faults.ts'
import { queryRows } from '../../support/system/query.ts'
import type { Struck, World } from '../round.ts'
import { eventually } from './eventually.ts'
import { withOverrides } from './participants.ts'

type Deed = Fault['do']

const moving = ['confirm', 'capture', 'cancel', 'refund'] as const

/** So much of the requests, or of the webhooks, meets each of them. */
const rate = 0.06
const each = (deeds: readonly Deed[], matches: readonly Fault['match'][]): readonly Fault[] =>
  deeds.flatMap((deed) => matches.map((match) => ({ match, rate, do: deed })))

const rateLimited = {
  answer: { status: 429, type: 'invalid_request_error', code: 'rate_limit', message: 'Too many requests' },
} as const

/** Slow, silent, busy and broken: nothing is done, and the same request may be sent again. */
export const unwell = each(
  [{ delayMs: 400 }, { hang: 'before' }, { reset: 'before' }, { status: 500, when: 'before' }, rateLimited],
  [{}],
)

/** It does what it was asked, and the answer is lost, or a 500 that is said again for ever. */
export const answerless = each(
  [
    { hang: 'after' },
    { hangUp: 'after' },
    { reset: 'after' },
    { status: 500, when: 'after' },
    { status: 500, when: 'after', replayed: true },
  ],
  moving.map((operation) => ({ operation })),
)

/** Webhooks that come twice, in another order, before the answer, late, forged, stale, with other amounts, or never. */
export const unreliable = each(
  [
    { webhook: { copies: 2 } },
    { webhook: { delayMs: 3_000 } },
    { webhook: { afterNext: true } },
    { webhook: { beforeAnswer: true } },
    { webhook: { staleMs: 600_000 } },
    { webhook: { forged: true } },
    { webhook: { amountOffBy: 1 } },
    { webhook: { lost: true } },
    { webhook: { copies: 1, delayMs: 1_000, amountOffBy: -1 } },
  ],
  [{}],
)

/** Each of these faults must strike, and the gateway behaves afterwards. */
export const misbehaving =
  (faults: readonly Fault[], forMs: number) =>
  async ({ shop, load }: World): Promise<Struck> => {
    let struck: readonly number[] = []
    await shop.misbehave(faults)
    try {
      await sleep(forMs)
      // By chance one may have to wait for its turn.
      await eventually(async () => (await shop.struck()).every((times) => times > 0), 60_000)
    } finally {
      struck = await shop.struck()
      await shop.behave()
    }
    const healedAt = Date.now()
    await load.onePaid(shop)
    const count = struck.reduce((sum, times) => sum + times, 0)
    return { how: `the gateway misbehaved ${count} times in ${faults.length} ways`, healedAt }
  }

/** Payments have so little time that some orders expire while their money is on its way, and customers cancel meanwhile. */
export const expiring =
  (forMs: number) =>
  async ({ shop }: World): Promise<Struck> => {
    const shortly = { PAY_WITHIN_MS: '500', CAPTURE_WITHIN_MS: '500' }
    const slow: readonly Fault[] = [100, 300, 500, 900].flatMap((delayMs) => [
      { match: { operation: 'confirm' }, rate: 0.3, do: { delayMs } },
      { match: { operation: 'capture' }, rate: 0.3, do: { delayMs, when: 'after' } },
    ])
    const since = new Date()
    let how = ''
    await withOverrides(
      shop,
      (name) => (name === 'order' ? shortly : {}),
      async () => {
        await shop.misbehave(slow)
        await sleep(forMs)
        await shop.behave()
        const counts = await endsSince(shop, since)
        const seen = ['customer_request', 'payment_timeout', 'capture_timeout', 'paid']
        const missing = seen.filter((end) => !counts.has(end))
        if (missing.length > 0) throw new Error(`no order ended as ${missing.join(', ')}`)
        how = Array.from(counts, ([end, count]) => `${count} ${end}`).join(', ')
      },
    )
    return { how, healedAt: Date.now() }
  }

const ends = z.array(z.object({ end: z.string(), count: z.int() }))

async function endsSince({ stack, databases }: World['shop'], since: Date): Promise<ReadonlyMap<string, number>> {
  const rows = await queryRows(
    stack.endpoints.databaseUrl('postgres', databases.order_service),
    `select coalesce(state->>'reason', status) as end, count(*)::int from order_service.orders
     where (state->>'createdAt')::timestamptz > $1 group by 1 order by 2 desc`,
    [since],
  )
  return new Map(ends.parse(rows).map(({ end, count }) => [end, count]))
}
