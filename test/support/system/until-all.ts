import { vi } from 'vitest'
import type { Shop, ShopOrder } from './shop.ts'

/**
 * Resolves when each of the orders has been seen with this status. An order that has come to its end is not asked again: a
 * look at hundreds of orders every few milliseconds would take the processor time that they need to end.
 */
export async function untilAll(
  shop: Shop,
  ids: readonly string[],
  { status, timeout }: { status: ShopOrder['status']; timeout: number },
): Promise<void> {
  let left = ids
  let late = 'no look has succeeded'
  const look = async (): Promise<boolean> => {
    const orders = await Promise.all(left.map((id) => shop.get(id)))
    const others = orders.filter((order) => order.status !== status)
    left = others.map(({ id }) => id)
    late = JSON.stringify(others[0])
    return left.length === 0
  }
  await vi
    .waitUntil(() => look().catch(() => false), { timeout, interval: 100 })
    .catch(() => {
      throw new Error(`${left.length} of ${ids.length} orders are not ${status} after ${timeout} ms: ${late}`)
    })
}
