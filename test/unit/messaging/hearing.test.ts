import { beforeEach, describe, expect, it } from 'vitest'
import { type Extent, Hearing } from '../../../apps/shared/messaging/kafka/hearing.ts'

const extent = (end: bigint, { low = 0n, committed }: Partial<Extent> = {}): Extent => ({ low, end, committed })
const idle = { stopped: new Set<number>(), isWorking: false }

describe('a consumer', () => {
  let hearing: Hearing
  beforeEach(() => {
    hearing = new Hearing()
    hearing.joined([0, 1])
  })

  /** One session: the loop comes round, and then somebody looks. */
  const look = (ends: Readonly<Record<number, Extent>> | undefined, around: Partial<typeof idle> = {}) => {
    for (let round = 0; round < 12; round += 1) hearing.fetched()
    const extents = ends && new Map(Object.entries(ends).map(([partition, one]) => [Number(partition), one]))
    return hearing.look(extents, { ...idle, ...around })
  }
  const given = (partition: number, next: bigint, end = next) => hearing.given(partition, { next, end })
  /** What so many looks in a row say. */
  const looks = (count: number, ...args: Parameters<typeof look>) => Array.from({ length: count }, () => look(...args))
  const nothing = (count: number) => Array.from({ length: count }, () => [])

  it('is deaf to what it is not given for five sessions', () => {
    given(0, 10n)
    given(1, 7n)
    expect(look({ 0: extent(10n), 1: extent(7n) })).toEqual([])
    expect(looks(6, { 0: extent(11n), 1: extent(7n) })).toEqual([...nothing(5), [0]])
  })

  it('is deaf also when ever more comes, and to several partitions', () => {
    for (let end = 1n; end <= 5n; end += 1n) expect(look({ 0: extent(end), 1: extent(end) })).toEqual([])
    expect(look({ 0: extent(6n), 1: extent(6n) })).toEqual([0, 1])
  })

  it('hears what it is given, also when it never catches up', () => {
    for (let session = 1n; session < 20n; session += 1n) {
      given(0, session, 1_000n)
      expect(look({ 0: extent(1_000n), 1: extent(0n) })).toEqual([])
    }
  })

  it('hears when there is nothing more', () => {
    given(0, 10n)
    expect(looks(20, { 0: extent(10n), 1: extent(0n) })).toEqual(nothing(20))
  })

  it('is deaf to one partition while it hears another', () => {
    for (let session = 1n; session <= 5n; session += 1n) {
      given(1, session)
      expect(look({ 0: extent(3n), 1: extent(session) })).toEqual([])
    }
    given(1, 6n)
    expect(look({ 0: extent(3n), 1: extent(6n) })).toEqual([0])
  })

  it('is late and not deaf while another partition has a backlog, which fills its fetches', () => {
    for (let session = 1n; session < 20n; session += 1n) {
      given(1, session, 1_000n)
      expect(look({ 0: extent(3n), 1: extent(1_000n) })).toEqual([])
    }
  })

  it('begins where its group is, and knows nothing of what was committed before', () => {
    expect(looks(20, { 0: extent(50n, { committed: 50n }), 1: extent(0n) })).toEqual(nothing(20))
    expect(looks(6, { 0: extent(51n, { committed: 50n }), 1: extent(0n) })).toEqual([...nothing(5), [0]])
  })

  it('begins with the oldest where its group has committed nothing, or has been overtaken by the retention', () => {
    expect(looks(20, { 0: extent(50n, { low: 50n }), 1: extent(90n, { low: 90n, committed: 3n }) })).toEqual(
      nothing(20),
    )
    expect(looks(6, { 0: extent(50n, { low: 49n }) }).at(-1)).toEqual([0])
  })

  it('is not judged by partitions that are others’', () => {
    expect(looks(20, { 2: extent(50n) })).toEqual(nothing(20))
  })

  it('is not judged by partitions that we stopped, and has its time anew when they go on', () => {
    expect(looks(20, { 0: extent(5n) }, { stopped: new Set([0]) })).toEqual(nothing(20))
    expect(looks(6, { 0: extent(5n) })).toEqual([...nothing(5), [0]])
  })

  it('is not judged while it works: nothing is fetched, however long the database is away', () => {
    expect(looks(4, { 0: extent(5n) })).toEqual(nothing(4))
    expect(looks(20, { 0: extent(5n) }, { isWorking: true })).toEqual(nothing(20))
    given(0, 5n)
    expect(looks(20, { 0: extent(5n) })).toEqual(nothing(20))
  })

  it('is not judged while Kafka does not answer, and has its time anew when that does', () => {
    expect(looks(5, { 0: extent(5n) })).toEqual(nothing(5))
    expect(looks(20, undefined)).toEqual(nothing(20))
    expect(looks(6, { 0: extent(5n) })).toEqual([...nothing(5), [0]])
  })

  it('is not judged while its loop does not come round: that is another matter', () => {
    const still = Array.from({ length: 20 }, () => hearing.look(new Map([[0, extent(5n)]]), idle))
    expect(still).toEqual(nothing(20))
  })

  it('has its time anew when it joins again', () => {
    expect(looks(5, { 0: extent(5n) })).toEqual(nothing(5))
    hearing.joined([0, 1])
    expect(looks(5, { 0: extent(5n) })).toEqual(nothing(5))
  })
})
