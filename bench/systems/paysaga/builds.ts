/** What a build changes. Paths are those of the repository. */
export interface Build {
  readonly replaced: Readonly<Record<string, string>>
  /** In a file, each first text becomes the second; it stands there exactly once. */
  readonly edited: Readonly<Record<string, readonly Edit[]>>
}

export type Edit = readonly [from: string, to: string]

/** @throws Error when a text to be replaced does not stand in the source exactly once */
export function withEdits(source: string, edits: readonly Edit[]): string {
  return edits.reduce((edited, [from, to]) => {
    const parts = edited.split(from)
    if (parts.length !== 2) throw new Error(`The source is expected to hold this exactly once: ${from}`)
    return parts.join(to)
  }, source)
}

const inProcess: Build = {
  replaced: {
    'apps/payment/gateway/stripe/stripe-gateway.ts': 'bench/systems/paysaga/instant-gateway.ts',
    'apps/notification/mailer.ts': 'bench/systems/paysaga/instant-mailer.ts',
  },
  edited: {},
}

/** Every message is decided, whatever its version is, and none is remembered: no row is written for that alone. */
const withoutVersionGate: Build = {
  replaced: {},
  edited: {
    'apps/shared/messaging/decide/fold.ts': [
      ['if (position !== undefined) {', 'if (false) {'],
      ['if (item.position !== undefined) {', 'if (false) {'],
    ],
  },
}

/** What an input changed is neither worked out nor written. What else follows from it is. */
const withoutHistory: Build = {
  replaced: {},
  edited: {
    'apps/shared/messaging/decide/fold.ts': [['participant.codec.encode(changeOf(draft.state, verdict.state))', "''"]],
    'apps/shared/messaging/transaction/decide-all.ts': [['[sql`recorded as (${store.record(history)})`]', '[]']],
  },
}

/** Calls are made right after the commit that decided on them, and only this process knows of them. */
const withoutEffects: Build = {
  replaced: { 'apps/shared/messaging/effects/leases.ts': 'bench/systems/ablations/effects-in-memory.ts' },
  edited: {
    'apps/shared/messaging/transaction/decide-all.ts': [
      // Whatever was decided on has left.
      ['await withdrawUnsent(trx, participant, fold.withdrawals)', '[]'],
      ['newEffects(participant, emitted, leasing)', '[]'],
      ['return effects.flatMap(', 'return newEffects(participant, emitted, () => true).flatMap('],
      ['effect.isLeased ? ids.get(effect.lane) : undefined', 'crypto.randomUUID()'],
    ],
  },
}

/** The dual write: events are produced to Kafka after the commit, and only this process knows of them until then. */
const withoutOutbox: Build = {
  replaced: {
    'apps/shared/messaging/outbox/outbox.ts': 'bench/systems/ablations/outbox-in-memory.ts',
    'apps/shared/runtime/database.ts': 'bench/systems/ablations/producing-database.ts',
  },
  edited: {
    'apps/shared/messaging/transaction/decide-all.ts': [
      ['import { appending,', 'import { appendToOutbox,'],
      ['[sql`said as (${appending(said.map((one) => outboxEvent(participant, one)))})`]', '[]'],
      [
        'const statement = sql<Written>',
        'await appendToOutbox(trx, said.map((one) => outboxEvent(participant, one)))\n  const statement = sql<Written>',
      ],
    ],
  },
}

/** One transaction takes at most so many messages, of one partition and of all of them. */
function batchesOf(maxMessages: number): Build {
  const edit: Edit = ['const batchMaxMessages = 500', `const batchMaxMessages = ${maxMessages}`]
  return { replaced: {}, edited: { 'apps/shared/messaging/kafka/kafka-client.ts': [edit] } }
}

/** All of them in one. Edits of the same file are made one after the other. */
function together(...parts: readonly Build[]): Build {
  const edited: Record<string, readonly Edit[]> = {}
  for (const [path, edits] of parts.flatMap((part) => Object.entries(part.edited))) {
    edited[path] = [...(edited[path] ?? []), ...edits]
  }
  return { replaced: Object.assign({}, ...parts.map(({ replaced }) => replaced)), edited }
}

export const buildNames = [
  'in-process',
  'without-version-gate',
  'without-history',
  'without-effects',
  'without-outbox',
  'without-any',
  'batch-10',
  'batch-100',
] as const
export type BuildName = (typeof buildNames)[number]

/** Gateway and mailer answer within the process in all of them, so that they compare. */
export const builds: Readonly<Record<BuildName, Build>> = {
  'in-process': inProcess,
  'without-version-gate': together(inProcess, withoutVersionGate),
  'without-history': together(inProcess, withoutHistory),
  'without-effects': together(inProcess, withoutEffects),
  'without-outbox': together(inProcess, withoutOutbox),
  'without-any': together(inProcess, withoutVersionGate, withoutHistory, withoutEffects, withoutOutbox),
  'batch-10': together(inProcess, batchesOf(10)),
  'batch-100': together(inProcess, batchesOf(100)),
}

/** Those that produce events by themselves have nothing that Connect could ship. */
export function needsConnect(build: BuildName | undefined): boolean {
  return build !== 'without-outbox' && build !== 'without-any'
}
