import { tableLines } from '../display/output.ts'
import type { ProcessReport, Report, Section } from './report.ts'

/** One document for a program: whether all is well, and everything as it was found; null what could not be asked. */
export function reportInJson(report: Report, issues: readonly string[]): string {
  const { processes, ...sections } = report
  const found = Object.fromEntries(Object.entries(sections).map(([name, { rows }]) => [name, rows]))
  return JSON.stringify({ well: issues.length === 0, issues, processes, ...found }, null, 2)
}

/** Tables for a person, below the line that says whether all is well. */
export function reportLines(report: Report): readonly string[] {
  return [
    ...tableLines([
      ['process', 'state', 'pid or container', 'memory', 'address'],
      ...report.processes.map(processCells),
    ]),
    ...report.processes.flatMap(remarks),
    ...connectorLines(report),
    ...groupLines(report),
    ...slotLines(report),
    ...personLines(report),
  ]
}

function processCells({ name, state, pid, container, memoryBytes, port }: ProcessReport): readonly string[] {
  const memory = memoryBytes === undefined ? '' : `${Math.round(memoryBytes / 1024 / 1024)} MB`
  return [name, state, container ?? String(pid ?? ''), memory, `127.0.0.1:${port}`]
}

function remarks({ name, state, waitsFor, portHeldBy }: ProcessReport): readonly string[] {
  return [
    ...(state === 'dead'
      ? [`  ${name} is gone and was not ended by make down: make logs S=${name}, then make up`]
      : []),
    ...waitsFor.map((what) => `  ${name}: ${what}`),
    ...(portHeldBy === undefined ? [] : [`  ${name}: its port is held by ${portHeldBy}`]),
  ]
}

/** Nothing where the part that knows is away; why, where it could not be asked; else a table, or what an empty one means. */
function sectionLines<Row>(
  what: string,
  { rows, unread }: Section<Row>,
  lines: (rows: readonly Row[]) => readonly string[],
): readonly string[] {
  if (unread !== undefined) return ['', `  ${what} cannot be read: ${unread}`]
  return rows === null ? [] : ['', ...lines(rows)]
}

const connectorLines = ({ connectors }: Report) =>
  sectionLines('connectors', connectors, (rows) =>
    rows.length === 0
      ? ['  no connector is registered: the relay does that']
      : tableLines([
          ['connector', 'state', 'task', 'error'],
          ...rows.flatMap(({ name, state, tasks }) =>
            tasks.length === 0
              ? [[name, state, 'no task', '']]
              : tasks.map((task) => [name, state, `task ${task.id} ${task.state}`, task.error ?? '']),
          ),
        ]),
  )

const groupLines = ({ groups }: Report) =>
  sectionLines('consumer groups', groups, (rows) =>
    tableLines([
      ['group', 'state', 'members', 'topic', 'lag'],
      ...rows.map(({ group, state, members, topic, lagMessages }) => [
        group,
        state,
        `${members}`,
        topic,
        `${lagMessages} messages`,
      ]),
    ]),
  )

const slotLines = ({ slots }: Report) =>
  sectionLines('replication slots', slots, (rows) =>
    tableLines([
      ['slot', 'state', 'write-ahead log', 'lag'],
      ...rows.map(({ name, active, walStatus, lagBytes }) => [
        name,
        active ? 'active' : 'inactive',
        walStatus ?? '',
        `${lagBytes ?? '?'} bytes`,
      ]),
    ]),
  )

/** Of the payments in doubt; `/ops/payments` has all of them. */
const shownMax = 10

const personLines = ({ parked, reviews, findings }: Report) => [
  ...sectionLines('parked keys', parked, (rows) =>
    rows.length === 0
      ? ['  nothing is parked']
      : tableLines([
          ['parked in', 'state', 'cause', 'next', 'keys'],
          ...rows.map(({ service, state, cause, type, keys }) => [service, state, cause, type, `${keys}`]),
        ]),
  ),
  ...sectionLines('payments in review', reviews, (rows) =>
    rows.length === 0
      ? ['  no payment is in review or unknown']
      : [
          ...tableLines([
            ['payment of order', 'condition', 'operation', 'reason', 'since'],
            ...rows
              .slice(0, shownMax)
              .map(({ orderId, condition, operation, reason, since }) => [
                orderId,
                condition,
                operation,
                reason ?? '',
                since,
              ]),
          ]),
          ...(rows.length > shownMax ? [`  and ${rows.length - shownMax} more`] : []),
        ],
  ),
  ...sectionLines('findings of reconciliation', findings, (rows) =>
    rows.length === 0
      ? ['  no finding of reconciliation is open']
      : tableLines([['finding of reconciliation', 'open'], ...rows.map(({ kind, count }) => [kind, `${count}`])]),
  ),
]
