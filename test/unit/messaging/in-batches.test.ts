import { describe, expect, it } from 'vitest'
import { inBatches, TooLate } from '../../../apps/shared/messaging/lib/in-batches.ts'

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

  it('works on as many batches at one time as it may, so that one that is stuck holds up itself', async () => {
    const stuck = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const add = inBatches<string, string>({
      max: 10,
      atOnce: 2,
      work: async (items) => {
        if (items.includes('stuck')) {
          begun.resolve()
          await stuck.promise
        }
        return items
      },
    })
    const first = add('stuck')
    await begun.promise
    await expect(add('free')).resolves.toBe('free')
    stuck.resolve()
    await expect(first).resolves.toBe('stuck')
  })

  it('lets an item settle later than its batch, and goes on meanwhile', async () => {
    const late = Promise.withResolvers<string>()
    const add = inBatches<string, string>({
      max: 1,
      work: (items) => Promise.resolve(items.map((item) => (item === 'late' ? late.promise : item))),
    })
    const first = add('late')
    await expect(add('next')).resolves.toBe('next')
    late.resolve('late')
    await expect(first).resolves.toBe('late')
  })

  it('rejects what has waited too long for its turn, and does nothing for it', async () => {
    const worked: string[] = []
    const add = inBatches<string, void>({
      max: 10,
      // With no time to wait at all, even the first is late.
      waitMaxMs: 0,
      work: (items) => {
        worked.push(...items)
        return Promise.resolve(items.map(() => undefined))
      },
    })
    await expect(add('late')).rejects.toBeInstanceOf(TooLate)
    expect(worked).toEqual([])
  })
})
