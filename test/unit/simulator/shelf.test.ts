import { expect, test } from 'vitest'
import { createShelf } from '../../../apps/simulators/gateway/engine/shelf.ts'

const filled = (...ids: readonly string[]) => {
  const shelf = createShelf<string>()
  for (const id of ids) shelf.put(id, `the ${id}`)
  return shelf
}

test('keeps things in the order in which they first came', () => {
  const shelf = filled('a', 'b', 'c')
  shelf.put('a', 'another a')
  expect([...shelf.values()]).toEqual(['another a', 'the b', 'the c'])
  expect([shelf.get('a'), shelf.get('d'), shelf.size]).toEqual(['another a', undefined, 3])
})

test('shows the newest first, all or those before one', () => {
  const shelf = filled('a', 'b', 'c')
  expect([...(shelf.newestFirst() ?? [])]).toEqual(['the c', 'the b', 'the a'])
  expect([...(shelf.newestFirst('c') ?? [])]).toEqual(['the b', 'the a'])
  expect([...(shelf.newestFirst('a') ?? [])]).toEqual([])
  expect(shelf.newestFirst('d')).toBeUndefined()
})
