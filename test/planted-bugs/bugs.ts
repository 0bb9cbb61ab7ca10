/** A mistake that somebody could make, and the test that must notice it. */
export interface PlantedBug {
  readonly name: string
  readonly file: string
  /** Each text stands in the file exactly once. */
  readonly edits: readonly (readonly [from: string, to: string])[]
  readonly caughtBy: { readonly file: string; readonly test: string }
}

const messaging = (name: string): string => `apps/shared/messaging/${name}.ts`
const integration = (name: string): string => `test/integration/messaging/${name}.test.ts`

export const bugs: readonly PlantedBug[] = [
  {
    name: 'what was handled before is handled again',
    file: messaging('fold'),
    edits: [['if (position.version <= draft.position.version) {', 'if (position.version < 0) {']],
    caughtBy: { file: integration('batch'), test: 'has no effect twice when one event comes five times' },
  },
  {
    name: 'the same message twice in one batch is handled twice',
    file: messaging('fold'),
    edits: [
      [
        'if (position.version <= draft.position.version) {',
        'if (position.version <= draft.position.version && draft.loadedVersion !== undefined) {',
      ],
    ],
    caughtBy: { file: integration('batch'), test: 'has no effect twice when one event comes five times' },
  },
  {
    name: 'a gap is handled at once',
    file: messaging('fold'),
    edits: [
      ["if (position.version > draft.position.version + 1 && input !== 'discarded') {", 'if (position.version < 0) {'],
    ],
    caughtBy: { file: integration('parking'), test: 'because of a gap is parked with what follows' },
  },
  {
    name: 'a row that is missing is taken for nothing to do',
    file: messaging('fold'),
    edits: [
      ["decision.is === 'notYet' ? notVisible : decision", "decision.is === 'notYet' ? { is: 'skipped' } : decision"],
    ],
    caughtBy: { file: integration('redriver'), test: 'speaks of a row that becomes visible later' },
  },
  {
    name: 'bad JSON throws out of the handler',
    file: messaging('delivery'),
    edits: [['    return new Undecodable(', '    throw new Undecodable(']],
    caughtBy: { file: integration('parking'), test: 'because of a payload that does not decode is parked' },
  },
  {
    name: 'a bug in deciding takes its whole batch along',
    file: messaging('fold'),
    edits: [['if (item.position === undefined) throw error', 'throw error']],
    caughtBy: { file: integration('parking'), test: 'because of a bug in decide is parked with what follows' },
  },
  {
    name: 'one that is refused by the database is let go, and not parked',
    file: messaging('consumer'),
    edits: [['return items.map((item) => ({ ...item, input: new Failing(error) }))', 'return []']],
    caughtBy: { file: integration('parking'), test: 'because the database refuses it is parked alone' },
  },
  {
    name: 'a bad deploy parks every order there is',
    file: messaging('breaker'),
    edits: [['const keysMin = 5', 'const keysMin = 5_000']],
    caughtBy: { file: integration('parking'), test: 'is one of many that fail alike' },
  },
  {
    name: 'parked messages are handled in the order of their arrival',
    file: messaging('parked-rows'),
    edits: [['where key = ${key} order by version limit 1', 'where key = ${key} order by parked_at, "offset" limit 1']],
    caughtBy: { file: integration('parking-lot'), test: 'redrive the same twice at once' },
  },
  {
    name: 'a key is let go while messages of it are parked',
    file: messaging('parked-rows'),
    edits: [
      [
        'delete from parked_key where key = ${key} and not exists (select from parked_message where key = ${key})',
        'with gone as (delete from parked_message where key = ${key}) delete from parked_key where key = ${key}',
      ],
    ],
    caughtBy: { file: integration('redriver'), test: 'stays in order' },
  },
  {
    name: 'what is given up keeps its place, and blocks its key for ever',
    file: messaging('fold'),
    edits: [["  if (input === 'discarded') return { is: 'skipped' }\n", '']],
    caughtBy: { file: integration('parking-lot'), test: 'discard a message: its position is passed' },
  },
  {
    name: 'effects are called without a lease',
    file: messaging('effect-rows'),
    edits: [["leased_until = now() + due.lease_ms * interval '1 millisecond'", 'leased_until = now()']],
    caughtBy: { file: integration('effects'), test: 'is not leased again while its call is under way' },
  },
  {
    name: 'the call is made again after a decision that failed',
    file: messaging('outcomes'),
    edits: [['outcome: answer.ends ? participant.codec.encode(answer.outcome) : null,', 'outcome: null,']],
    caughtBy: { file: integration('effects'), test: 'is not called again because deciding on its answer failed' },
  },
  {
    name: 'locks are taken in no order',
    file: messaging('jsonb-store'),
    edits: [
      [
        'where id = any(${uuidArray(keys)}::uuid[]) order by id for update',
        'where id = any(${uuidArray(keys)}::uuid[]) order by random() for update',
      ],
    ],
    caughtBy: { file: integration('deadlocks'), test: 'lock in the order of the keys' },
  },
  {
    name: 'what was learned without a call leaves the call in its lane',
    file: messaging('decide-all'),
    edits: [['  if (work.settling) await deleteSettled(trx, fold.settled)\n', '']],
    caughtBy: { file: 'test/integration/gateway-events.test.ts', test: 'settles the call whose outcome is unknown' },
  },
  {
    name: 'a webhook is believed whoever has signed it',
    file: 'apps/payment/webhook-signature.ts',
    edits: [["if (ours.length === 0) return 'forged'", "if (ours.length === 0) return 'valid'"]],
    caughtBy: { file: 'test/integration/webhooks.test.ts', test: 'is refused, counted, and not kept' },
  },
  {
    name: 'a webhook that was recorded is believed for ever',
    file: 'apps/payment/webhook-signature.ts',
    edits: [["? 'valid' : 'stale'", "? 'valid' : 'valid'"]],
    caughtBy: { file: 'test/integration/webhooks.test.ts', test: 'is refused, counted, and not kept' },
  },
  {
    name: 'a refund is sent under another key',
    file: 'apps/payment/stripe-requests.ts',
    edits: [
      [
        "return this.#send(() => this.#stripe.refunds.create(params, this.#key('')))",
        "return this.#sendAnew('', (options) => this.#stripe.refunds.create(params, options))",
      ],
    ],
    caughtBy: { file: 'test/integration/stripe-failures.test.ts', test: 'never under another key' },
  },
]
