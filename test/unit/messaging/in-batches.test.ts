import { describe, expect, it } from 'vitest'
import { inBatches } from '../../../apps/shared/messaging/in-batches.ts'

describe('natural batching', () => {
  it('works on the first at once, and on what came meanwhile together, up to its limit', async () => {
    const batches: (readonly number[])[] = []
    const gate = Promise.withResolvers<void>()
    const add = inBatches<number>(3, async (items) => {
      batches.push(items)
      await gate.promise
    })
    const all = [1, 2, 3, 4, 5].map((item) => add(item))
    gate.resolve()
    await Promise.all(all)
    expect(batches).toEqual([[1], [2, 3, 4], [5]])
  })

  it('fails the items of a failed batch and goes on with the next', async () => {
    const add = inBatches<string>(1, (items) =>
      items[0] === 'bad' ? Promise.reject(new Error('bad')) : Promise.resolve(),
    )
    const [bad, good] = [add('bad'), add('good')]
    await expect(bad).rejects.toThrow('bad')
    await expect(good).resolves.toBeUndefined()
  })
})
