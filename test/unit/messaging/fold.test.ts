import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foldItem, type Item, startFold } from '../../../apps/shared/messaging/decide/fold.ts'
import { Undecodable } from '../../../apps/shared/messaging/message/delivery.ts'
import { propertySeed } from '../../support/config.ts'
import { type Counter, type CounterVocabulary, counterParticipant } from '../../support/counter/counter.ts'

const participant = counterParticipant()
const now = new Date('2026-11-22T12:00:00Z')
const cause = { id: 'cause', traceparent: '' }
const counter = (sum: number): Counter => ({ sum, heard: [], rings: 0, isRinging: false, isClosed: false })
const stored = (state: Counter, position: number) => ({
  version: position,
  position: { version: position, eventId: `e${position}` },
  state,
})

const foldOf = (rows: Record<string, ReturnType<typeof stored>> = {}) =>
  startFold(participant, ['a', 'b'], { rows: new Map(Object.entries(rows)), now })
const heard = (key: string, version: number, by = 1): Item<CounterVocabulary> => ({
  key,
  cause,
  position: { version, eventId: `e${version}` },
  input: { type: 'Added', by, name: `${version}`, closesAt: undefined },
})

describe('the version gate', () => {
  it.each([
    [1, { is: 'repeat', forged: false }],
    [2, { is: 'repeat', forged: false }],
    [3, { is: 'applied' }],
    [4, { is: 'blocked', because: 'gap' }],
    [5, { is: 'blocked', because: 'gap' }],
  ])('with position 2 takes version %i for %o', (version, verdict) => {
    expect(foldItem(foldOf({ a: stored(counter(0), 2) }), heard('a', version))).toMatchObject(verdict)
  })

  it('sees the same version under another id', () => {
    const item = { ...heard('a', 2), position: { version: 2, eventId: 'another' } }
    expect(foldItem(foldOf({ a: stored(counter(0), 2) }), item)).toEqual({ is: 'repeat', forged: true })
  })

  it('blocks what comes behind a gap of the same key, and no other key', () => {
    const fold = foldOf()
    const verdicts = [heard('a', 2), heard('a', 1), heard('b', 1), heard('a', 2)].map((item) => foldItem(fold, item).is)
    expect(verdicts).toEqual(['blocked', 'blocked', 'applied', 'blocked'])
    expect(fold.drafts.get('a')?.moved).toBe(false)
  })

  it('does not gate commands: they have no place in the stream', () => {
    const fold = foldOf({ a: stored(counter(5), 2) })
    foldItem(fold, heard('a', 9))
    expect(foldItem(fold, { key: 'a', cause, input: { type: 'Reset' } }).is).toBe('applied')
  })

  it('moves over a type that nobody listens to only where a row remembers it', () => {
    const skipped = { key: 'a', cause, input: 'skipped', position: { version: 1, eventId: 'e1' } } as const
    expect(foldItem(foldOf({ a: stored(counter(0), 0) }), skipped)).toEqual({ is: 'skipped' })
    expect(foldItem(foldOf(), skipped)).toMatchObject({ is: 'blocked', because: 'not-yet' })
  })

  it('blocks a payload that does not decode, but knows a repeat of it', () => {
    const broken = { ...heard('a', 1), input: new Undecodable('broken') }
    expect(foldItem(foldOf(), broken)).toMatchObject({ is: 'blocked', because: 'undecodable' })
    expect(foldItem(foldOf({ a: stored(counter(0), 1) }), broken).is).toBe('repeat')
  })
})

describe('the fold', () => {
  it('numbers events without a gap, two of one decision included', () => {
    const twice: typeof participant = {
      ...participant,
      decide: () => ({
        is: 'applied',
        state: counter(0),
        events: [{ type: 'Closed' }, { type: 'Closed' }],
        effects: [],
      }),
    }
    const fold = startFold(twice, ['a'], { rows: new Map([['a', stored(counter(0), 4)]]), now })
    foldItem(fold, heard('a', 5))
    foldItem(fold, heard('a', 6))
    expect(fold.said.map(({ version }) => version)).toEqual([5, 6, 7, 8])
  })

  it('drops an effect that is withdrawn before it was written, and says so', () => {
    const fold = foldOf()
    foldItem(fold, heard('a', 1, 10))
    expect(fold.emitted).toHaveLength(1)
    foldItem(fold, { key: 'a', cause, input: { type: 'Reset' } })
    expect(fold.emitted).toEqual([])
    expect(fold.withdrawals).toEqual([])
    expect(fold.drafts.get('a')?.state).toMatchObject({ isRinging: false })
  })

  it('asks the database about an effect of an earlier transaction', () => {
    const fold = foldOf({ a: stored({ ...counter(10), isRinging: true }, 1) })
    foldItem(fold, { key: 'a', cause, input: { type: 'Reset' } })
    expect(fold.withdrawals).toEqual([{ key: 'a', type: 'Ring', cause }])
  })

  it('has history whose changes, merged in order, are the state', () => {
    const step = fc.record({ key: fc.constantFrom('a', 'b'), by: fc.integer({ min: 0, max: 30 }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const fold = foldOf()
        const versions = new Map<string, number>()
        for (const { key, by } of steps) {
          const version = (versions.get(key) ?? 0) + 1
          versions.set(key, version)
          foldItem(fold, heard(key, version, by))
        }
        for (const key of ['a', 'b']) {
          const changes = fold.history
            .filter((entry) => entry.key === key)
            .map(({ change }): object => JSON.parse(change))
          const merged = Object.assign({}, ...changes)
          expect(merged).toEqual(fold.drafts.get(key)?.state ?? {})
        }
      }),
      { seed: propertySeed },
    )
  })

  it('of any interleaving of keys and repeats equals each message once, in order', () => {
    const arrivals = fc.array(fc.record({ key: fc.constantFrom('a', 'b'), repeats: fc.integer({ min: 1, max: 3 }) }), {
      maxLength: 50,
    })
    fc.assert(
      fc.property(arrivals, (list) => {
        const fold = foldOf()
        const versions = new Map<string, number>()
        for (const { key, repeats } of list) {
          const version = (versions.get(key) ?? 0) + 1
          versions.set(key, version)
          for (let time = 0; time < repeats; time += 1) foldItem(fold, heard(key, version))
        }
        for (const [key, count] of versions) expect(fold.drafts.get(key)?.state?.sum).toBe(count)
      }),
      { seed: propertySeed },
    )
  })
})
