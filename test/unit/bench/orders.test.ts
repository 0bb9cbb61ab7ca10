import { expect, test } from 'vitest'
import { placeOrderBody } from '../../../apps/order/schemas.ts'
import { orderOf } from '../../../bench/load/orders.ts'

const orders = (seed: number) => Array.from({ length: 1_000 }, (_, number) => orderOf(seed, number))

test('the same seed makes the same orders, whichever is made first', () => {
  expect(orders(7).toReversed()).toEqual(Array.from({ length: 1_000 }, (_, index) => orderOf(7, 999 - index)))
})

test('another seed makes other orders', () => {
  const others = orders(8)
  expect(orders(7).filter((order, number) => JSON.stringify(order) === JSON.stringify(others[number]))).toEqual([])
})

test('the order service takes every one of them', () => {
  expect(orders(1).filter((order) => !placeOrderBody.safeParse(order).success)).toEqual([])
})

test('has orders of one, two and three items, for hundreds of customers', () => {
  const sizes = Map.groupBy(orders(1), ({ items }) => items.length)
  expect(new Set(sizes.keys())).toEqual(new Set([1, 2, 3]))
  expect(Math.min(...[...sizes.values()].map((some) => some.length))).toBeGreaterThan(250)
  expect(new Set(orders(1).map(({ customer }) => customer.email)).size).toBeGreaterThan(500)
})
