import type { DocumentedCommand } from './commands.ts'

/** How a command of a document is kept true: it is run with the others, by a test of its own, or by none and why. */
export type Keeping =
  /** test/saga/commands/documents.test.ts runs it, and what it prints has to match. */
  | { readonly prints: RegExp }
  /** The test that runs it. */
  | { readonly by: string }
  | { readonly untested: string }

const prints = (pattern: RegExp): Keeping => ({ prints: pattern })
const by = (test: string): Keeping => ({ by: `test/${test}.test.ts` })
const untested = (reason: string): Keeping => ({ untested: reason })

const demoOnContainers =
  'saga/commands/demo gives the tour on a stack that the tests have started; docker/compose starts the containers'
const campaigns =
  'it takes minutes; simulation/simulation runs fewer worlds of the same, and SEED=7:1234 below runs its command'

const outboxOnly: readonly (readonly [RegExp, Keeping])[] = [
  [/^export (MIGR|BILL)/, by('saga/messaging/outbox-only')],
  [/^node/, by('saga/messaging/outbox-only')],
  [/^make consume/, by('saga/messaging/outbox-only')],
]

/** By document. Each command fits exactly one pattern, and each pattern fits some: test/tidy/documents.test.ts looks. */
const keepings: Readonly<Record<string, readonly (readonly [RegExp, Keeping])[]>> = {
  'README.md': [
    [/^make demo$/, by('saga/commands/demo')],
    [/^make test$/, untested('it is what runs the tests')],
    [/^STACK=docker make demo$/, untested(demoOnContainers)],
    [/^docker compose/, by('docker/compose')],
    [/^curl/, by('saga/commands/demo')],
  ],
  'bench/README.md': [[/^make bench$/, by('infra/bench')]],
  'docs/add-a-service.md': [[/./, by('saga/messaging/fourth-participant')]],
  'docs/adopt.md': [...outboxOnly, [/^docker run/, by('docker/compose')]],
  'docs/chaos.md': [[/^make chaos$/, untested('it takes half an hour; parts of it are among the saga tests')]],
  'docs/gateway-simulator.md': [
    [/^PORT=3010 .* node apps\/simulators\/gateway/, prints(/gateway-simulator is ready/)],
    [/charges\?orderId=o1/, prints(/"orders":/)],
    [/summary/, prints(/"currencies":/)],
    [/webhooks'/, prints(/"delivered":/)],
    [/^curl -X PUT/, prints(/"struck":0/)],
  ],
  'docs/infrastructure.md': [
    [/^STACK=docker make demo$/, untested(demoOnContainers)],
    [/^make status$/, by('saga/commands/demo')],
    [/^make down$/, untested('it ends what the tests stand on')],
    [/^make down ALL=1$/, by('infra/runs')],
    [/^docker compose -f infra\/docker\/compose.yaml --profile/, by('docker/compose')],
    [/^curl/, prints(/^HTTP\/1\.1 202 /)],
    [/^docker compose .* -f infra\/docker\/compose.scale.yaml/, by('docker/scale')],
  ],
  'docs/ledger.md': [[/^make ledger$/, prints(/all of it fits/)]],
  'docs/operations.md': [
    [/^make status/, by('saga/commands/commands')],
    [/condition=review'$/, prints(/"condition":"review"/)],
    [/"dryRun": true/, prints(/"gateway":/)],
    [/"truth":/, prints(/"condition":"ok"/)],
    [/^make sql DB=payment/, prints(/last_error/)],
    [/reconciliations -d/, prints(/"state":"(running|finished)"/)],
    [/reconciliations$/, prints(/"reconciliations":\[\{/)],
    [/reconciliations\/<id>$/, prints(/"findings":/)],
    [/^make redrive$/, prints(/notification:/)],
    [/^make sql DB=order/, prints(/OrderPlaced/)],
    [/^make consume/, prints(/ce_type=OrderPlaced/)],
    [/^make redrive .*CAUSE/, prints(/payment:/)],
    [/^make redrive .*DISCARD/, prints(/payment:/)],
    [/ConsumerGroupCommand/, prints(/NEW-OFFSET/)],
  ],
  'docs/simulation.md': [
    [/^make simulate +#/, untested(campaigns)],
    [/RUNS=20000/, untested(campaigns)],
    [/SEED=7:1234/, prints(/how they ended/)],
  ],
  'examples/outbox-only/main.ts': [
    ...outboxOnly,
    [
      /^make up$/,
      untested('the tests start a stack of their own; infra/runs and saga/commands start parts of one with it'),
    ],
    [/^export PATH/, untested('where it is needed depends on the Node of the machine')],
  ],
}

/** All that is said of a command: one, or it is not kept true. */
export const keepingsOf = ({ document, text }: DocumentedCommand): readonly Keeping[] =>
  (keepings[document] ?? []).filter(([pattern]) => pattern.test(text)).map(([, keeping]) => keeping)

/** Patterns that fit none of the commands, as `document: pattern`. */
export const unusedPatterns = (commands: readonly DocumentedCommand[]): readonly string[] =>
  Object.entries(keepings).flatMap(([document, patterns]) => {
    const texts = commands.filter((command) => command.document === document).map(({ text }) => text)
    return patterns
      .filter(([pattern]) => !texts.some((text) => pattern.test(text)))
      .map(([pattern]) => `${document}: ${pattern.source}`)
  })

/** The tests that are said to run commands. */
export const testsNamed = (): readonly string[] =>
  Object.values(keepings).flatMap((patterns) =>
    patterns.flatMap(([, keeping]) => ('by' in keeping ? [keeping.by] : [])),
  )
