import { describe, expect, it } from 'vitest'
import { inBatches } from '../../../apps/shared/messaging/in-batches.ts'

describe('natural batching', () => {
  it('works together on what comes in one turn, and on what came meanwhile, up to its limit', async () => {
    const batches: (readonly number[])[] = []
    const begun = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    const add = inBatches<number, number>({
      max: 3,
      work: async (items) => {
        batches.push(items)
        begun.resolve()
        await gate.promise
        return items.map((item) => item * 10)
      },
    })
    const first = [1, 2].map(add)
    await begun.promise
    const others = [3, 4, 5, 6].map(add)
    gate.resolve()
    expect(await Promise.all([...first, ...others])).toEqual([10, 20, 30, 40, 50, 60])
    expect(batches).toEqual([[1, 2], [3, 4, 5], [6]])
  })

  it('takes at least one item, however heavy, and no other beside it', async () => {
    const batches: (readonly number[])[] = []
    const add = inBatches<number, void>({
      max: 10,
      weigh: (item) => item,
      work: (items) => {
        batches.push(items)
        return Promise.resolve(items.map(() => undefined))
      },
    })
    await Promise.all([50, 4, 6, 1].map(add))
    expect(batches).toEqual([[50], [4, 6], [1]])
  })

  it('fails the items of a failed batch and goes on with the next', async () => {
    const add = inBatches<string, string>({
      max: 1,
      work: (items) => (items[0] === 'bad' ? Promise.reject(new Error('bad')) : Promise.resolve(items)),
    })
    const [bad, good] = [add('bad'), add('good')]
    await expect(bad).rejects.toThrow('bad')
    await expect(good).resolves.toBe('good')
  })
})
