import assert from 'node:assert/strict'
import type { Input, Participant, Vocabulary } from '#messaging'
import { foldItem, foldNeverSent, type Item, startFold, type Verdict } from '../../apps/shared/messaging/decide/fold.ts'

/** What one aggregate made of what came. */
export interface Step<V extends Vocabulary> {
  readonly verdicts: readonly Verdict<V>[]
  readonly state: V['state'] | undefined
  readonly said: readonly V['said'][]
  readonly effects: readonly V['effect'][]
  /** The unsent effect was taken back. */
  readonly withdrawn: boolean
}

/** `messages` come from the stream and pass the gate; `inputs` are commands, outcomes and deadlines. */
export interface Arriving<V extends Vocabulary> {
  readonly messages?: readonly V['heard'][]
  readonly inputs?: readonly Input<V>[]
  readonly now: Date
  /** The outstanding effect, if no runner has ever leased it. */
  readonly unsent?: V['effect'] | undefined
}

const key = '01990000-0000-7000-8000-000000000001'
const cause = { id: 'cause', traceparent: '' }
/** Where a row stands in the stream. Any number will do: what is in flight is numbered on from it. */
const position = 7
const version = 5

/**
 * One transaction of the library: its own fold, gate and withdrawal, without a database. Every message is delivered
 * twice and behind its predecessor's repeat, and before all others the one after the next: the gate lets in none of
 * those, so the search goes on with the state of a stream that repeats and overtakes itself.
 */
export function stepOf<V extends Vocabulary>(
  participant: Participant<V>,
  before: V['state'] | undefined,
  { messages = [], inputs = [], now, unsent }: Arriving<V>,
): Step<V> {
  const at = before === undefined ? { version: 0, position: 0 } : { version, position }
  const message = (number: number, input: V['heard']): Item<V> => ({
    key,
    input,
    cause,
    position: { version: number, eventId: `e${number}` },
  })
  const begin = () =>
    startFold(participant, [key], {
      now,
      rows: new Map(
        before === undefined
          ? []
          : [[key, { version, position: { version: position, eventId: `e${position}` }, state: before }] as const],
      ),
    })

  const fold = begin()
  const verdicts: Verdict<V>[] = []
  messages.forEach((heard, index) => {
    const number = at.position + index + 1
    const overtaking = begin()
    assert.deepEqual(foldItem(overtaking, message(number + 1, heard)).is, 'blocked')
    if (number > 1) assert.deepEqual(foldItem(fold, message(number - 1, heard)), { is: 'repeat', forged: false })
    verdicts.push(foldItem(fold, message(number, heard)))
    const again = foldItem(fold, message(number, heard)).is
    assert.equal(again, verdicts.at(-1)?.is === 'blocked' ? 'blocked' : 'repeat')
  })
  for (const input of inputs) verdicts.push(foldItem(fold, { key, input, cause }))
  const withdrawn = unsent !== undefined && fold.withdrawals.some(({ type }) => type === unsent.type)
  if (withdrawn) foldNeverSent(fold, { key, effect: unsent, cause })
  assert.deepEqual(
    fold.said.map((one) => one.version),
    fold.said.map((_, index) => at.version + index + 1),
  )
  return {
    verdicts,
    state: fold.drafts.get(key)?.state,
    said: fold.said.map(({ event }) => event),
    effects: fold.emitted.map(({ effect }) => effect),
    withdrawn,
  }
}
