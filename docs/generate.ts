import { readFile, writeFile } from 'node:fs/promises'
import {
  type choreography as Choreography,
  choreography,
  type Service,
  topicOf,
} from '../apps/shared/contracts/index.ts'
import { catalogue, type Listed } from '../apps/shared/runtime/metrics/metric-catalogue.ts'
import { messageDiagram, orderDiagram, paymentDiagram } from './state-diagrams.ts'

// What is derived from the choreography, the decision tables and the catalogue of metrics. `make generate` writes it; the tidy test compares.

type Step = (typeof Choreography)[keyof typeof Choreography]
const steps: readonly (readonly [string, Step])[] = Object.entries(choreography)
const services: readonly Service[] = ['order', 'payment', 'notification']
const root = new URL('../', import.meta.url)

/** The content that each generated file should have, by its path from the project's root. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const saga = await readFile(new URL('docs/saga.md', root), 'utf8')
  const metrics = await readFile(new URL('docs/metrics.md', root), 'utf8')
  const guide = await readFile(new URL('docs/add-a-service.md', root), 'utf8')
  return new Map([
    ['infra/kafka/topics.json', topics()],
    ['docs/saga.md', sagaParts.reduce((text, [name, content]) => between(text, name, content()), saga)],
    ['docs/add-a-service.md', await withQuotedFiles(guide)],
    ['docs/metrics.md', between(metrics, 'metrics', metricTable())],
  ])
}

const sagaParts: readonly (readonly [string, () => string])[] = [
  ['choreography', diagram],
  ['events', table],
  ['order states', orderDiagram],
  ['payment states', paymentDiagram],
  ['message states', messageDiagram],
]

/** Two weeks: longer than any outage that anybody sleeps through, shorter than what a disk cannot hold. */
const retentionMs = 14 * 24 * 60 * 60 * 1_000
/** More partitions let more replicas share the work; too many split batches. Fixed for ever: keys would move. */
const partitions = 4

function topics(): string {
  const streams = [...new Set(steps.map(([, step]) => step.in))]
  const entries = streams.map((stream) => ({
    name: topicOf(stream),
    // Announcements of the machinery are few, and one partition keeps them in order.
    partitions: stream === 'operations' ? 1 : partitions,
    config: { 'retention.ms': `${retentionMs}` },
  }))
  // Heartbeats of all connectors: without the topic their tasks would wait for it.
  const heartbeats = { name: 'connect.heartbeats', partitions: 1, config: { 'retention.ms': `${60 * 60 * 1_000}` } }
  return `${JSON.stringify({ topics: [...entries, heartbeats] }, null, 2)}\n`
}

/** Who hears what from whom; events that nobody hears, and the services' talk with the outside, are left out. */
function diagram(): string {
  const arrows = services.flatMap((from) =>
    services.flatMap((to) => {
      const said = steps.filter(([, step]) => step.in === from && listenersOf(step).includes(to)).map(([type]) => type)
      return said.length === 0 ? [] : [`  ${from} -- "${said.join('<br/>')}" --> ${to}`]
    }),
  )
  return ['```mermaid', 'flowchart LR', ...arrows, '```'].join('\n')
}

function table(): string {
  const list = (names: readonly string[]): string => names.join(', ')
  const rows = steps.map(([type, step]) => {
    const answers = 'answers' in step ? list(step.answers) : ''
    const compensates = 'compensates' in step ? list(step.compensates) : ''
    return `| ${type} | ${topicOf(step.in)} | ${list(listenersOf(step))} | ${answers} | ${compensates} |`
  })
  return ['| event | topic | heard by | answers | compensates |', '|---|---|---|---|---|', ...rows].join('\n')
}

function metricTable(): string {
  const listed: readonly Listed[] = Object.values(catalogue)
  const rows = listed.map(({ name, kind, unit, labels, help }) => {
    const code = labels.map((label) => `\`${label}\``).join(', ')
    return `| \`${name}\` | ${kind} | ${unit} | ${code} | ${help} |`
  })
  return ['| name | type | unit | labels | what it tells |', '|---|---|---|---|---|', ...rows].join('\n')
}

/** Where a document names a file as generated, the file stands. */
async function withQuotedFiles(document: string): Promise<string> {
  let text = document
  for (const [, path = ''] of document.matchAll(/<!-- generated: (\S+\.(?:ts|sql)) -->/g)) {
    const language = path.endsWith('.sql') ? 'sql' : 'ts'
    text = between(text, path, `\`\`\`${language}\n${await readFile(new URL(path, root), 'utf8')}\`\`\``)
  }
  return text
}

const listenersOf = (step: Step): readonly string[] => step.heardBy

function between(text: string, name: string, content: string): string {
  const [before, rest = ''] = text.split(`<!-- generated: ${name} -->`)
  const [, after] = rest.split(`<!-- end of ${name} -->`)
  if (after === undefined) throw new Error(`There is no place for ${name}`)
  return `${before}<!-- generated: ${name} -->\n\n${content}\n\n<!-- end of ${name} -->${after}`
}

if (import.meta.main) {
  for (const [path, content] of await generatedFiles()) await writeFile(new URL(path, root), content)
}
