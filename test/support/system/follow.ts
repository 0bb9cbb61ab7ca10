import { expect, vi } from 'vitest'
import { limitMs } from '../limits.ts'
import { later } from './order-path.ts'
import type { Charges, Shop, ShopOrder } from './shop.ts'

/**
 * Looks at an order all along until it has this status and is settled, and holds every look against the one before and
 * against the gateway's record. Fails with every untruth that was told, or when time is up.
 * @returns what was seen, each view once
 */
export async function follow(
  shop: Shop,
  id: string,
  { until, timeout = limitMs(20_000) }: { until: ShopOrder['status']; timeout?: number },
): Promise<readonly ShopOrder[]> {
  const views: ShopOrder[] = []
  const untruths: string[] = []
  const look = async (): Promise<boolean> => {
    const order = await shop.get(id)
    const [charges] = await shop.charges(id)
    const before = views.at(-1)
    untruths.push(...untruthsIn(order), ...contradictions(order, charges))
    if (before !== undefined) untruths.push(...impossibleSteps(before, order))
    if (JSON.stringify(order) !== JSON.stringify(before)) views.push(order)
    return order.status === until && order.settled
  }
  await vi.waitUntil(look, { timeout, interval: 30 }).catch(() => {
    throw new Error(`not ${until} and settled in time: ${JSON.stringify(views)}`)
  })
  expect([...new Set(untruths)]).toEqual([])
  return views
}

/** What one look alone gives away. */
function untruthsIn(order: ShopOrder): readonly string[] {
  const { status, settled, reason, totalMinor, capturedMinor, refundedMinor } = order
  const finished = status === 'paid' || status === 'refunded'
  return told(order, [
    [status !== 'cancelled' && settled !== finished, 'settled does not fit the status'],
    [(reason !== undefined) !== (status === 'cancelled'), 'a reason belongs to a cancelled order and to no other'],
    [finished && capturedMinor !== totalMinor, 'paid is exactly the total'],
    [refundedMinor > capturedMinor, 'more went back than had come'],
    [status === 'refunded' && refundedMinor !== capturedMinor, 'refunded is all of it'],
  ])
}

/** The record is read after the order, so whatever the order speaks of must be in it. */
function contradictions(order: ShopOrder, charges: Charges | undefined): readonly string[] {
  const { status, settled, capturedMinor, refundedMinor } = order
  const holds = charges?.intents.some((intent) => intent.status === 'requires_capture') === true
  const takenMinor = charges?.captured.amountMinor ?? 0
  return told(order, [
    [capturedMinor > takenMinor, 'speaks of money that was not taken'],
    [refundedMinor > (charges?.refunded.amountMinor ?? 0), 'speaks of a refund that was not made'],
    [status === 'confirmed' && charges?.authorised.count !== 1, 'is confirmed without a hold'],
    [settled && status !== 'paid' && (charges?.netMinor ?? 0) !== 0, 'is settled while money is kept'],
    [settled && holds, 'is settled while money is held'],
    [settled && status === 'paid' && charges?.captured.count !== 1, 'is paid by other than one capture'],
  ])
}

function impossibleSteps(before: ShopOrder, order: ShopOrder): readonly string[] {
  const { status, version, settled, reason } = order
  return told(order, [
    [status !== before.status && !later[before.status].includes(status), `was ${before.status} before`],
    [version < before.version, 'became older'],
    [before.settled && !settled && before.status === status, 'was settled and no longer is'],
    [before.reason !== undefined && reason !== before.reason, 'changed its reason'],
    [order.capturedMinor < before.capturedMinor, 'was captured less than before'],
    [order.refundedMinor < before.refundedMinor, 'was refunded less than before'],
  ])
}

function told(order: ShopOrder, checks: readonly (readonly [boolean, string])[]): readonly string[] {
  return checks.flatMap(([untrue, what]) => (untrue ? [`${what}: ${JSON.stringify(order)}`] : []))
}
