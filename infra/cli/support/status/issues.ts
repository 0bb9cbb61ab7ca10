import type { ConnectorReport, ProcessReport, Report, Section, SlotReport } from './report.ts'

/**
 * What a person has to see to, in words; empty when all is well. Lag alone is none: under load there always is some, and
 * what stands still shows in the process, the group, the task or the slot. Nor is a payment whose outcome is `unknown`:
 * its call is made again by itself, and ends in review if that does not help.
 */
export function issuesOf(report: Report): readonly string[] {
  const { processes, connectors, groups, slots, parked, reviews, findings } = report
  return [
    ...processIssues(processes),
    ...issuesIn('connectors', connectors, connectorIssues),
    ...issuesIn('consumer groups', groups, (rows) =>
      unique(rows.filter(({ expected, members }) => expected && members === 0).map(({ group }) => group)).map(
        (group) => `group ${group} has no member`,
      ),
    ),
    ...issuesIn('replication slots', slots, slotIssues),
    ...issuesIn('parked keys', parked, (rows) =>
      [...Map.groupBy(rows, ({ service }) => service)].map(([service, groupsOfOne]) =>
        parkedIssue(service, groupsOfOne),
      ),
    ),
    ...issuesIn('payments in review', reviews, (rows) => {
      const count = rows.filter(({ condition }) => condition === 'review').length
      return count === 0 ? [] : [`${counted(count, 'payment is', 'payments are')} in review`]
    }),
    ...issuesIn('findings of reconciliation', findings, (rows) => {
      const count = rows.reduce((sum, row) => sum + row.count, 0)
      return count === 0
        ? []
        : [`${counted(count, 'finding', 'findings')} of reconciliation ${count === 1 ? 'is' : 'are'} open`]
    }),
  ]
}

/** The first line of `make status`. */
export function verdictOf(report: Report, issues: readonly string[]): string {
  if (issues.length > 0) return `not well: ${issues.join('; ')}`
  const { processes, connectors, groups } = report
  const lag = (groups.rows ?? []).reduce((sum, { lagMessages }) => sum + lagMessages, 0)
  return [
    `all is well: ${counted(processes.length, 'process', 'processes')}`,
    counted((connectors.rows ?? []).length, 'connector', 'connectors'),
    `lag ${lag}`,
    'nothing parked',
  ].join(', ')
}

function processIssues(processes: readonly ProcessReport[]): readonly string[] {
  const held = heldPorts(processes.filter(({ portHeldBy }) => portHeldBy !== undefined))
  if (processes.every(({ state }) => state === 'stopped')) return ['nothing runs', ...held]
  return [
    ...processes.filter(({ state }) => state !== 'ready').map(({ name, state }) => `${name} is ${state}`),
    ...held,
  ]
}

/** Where another checkout runs on the same ports it is all of them: what holds each stands below the table. */
function heldPorts(held: readonly ProcessReport[]): readonly string[] {
  const [first] = held
  if (first === undefined) return []
  return held.length === 1
    ? [`port ${first.port} of ${first.name} is held by another process`]
    : [`${held.length} ports of this checkout are held by other processes`]
}

/** What cannot be read is an issue of its own, unless its part is away and says so itself. */
function issuesIn<Row>(
  what: string,
  { rows, unread }: Section<Row>,
  issuesOfRows: (rows: readonly Row[]) => readonly string[],
): readonly string[] {
  const failed = unread === undefined ? [] : [`${what} cannot be read: ${unread}`]
  return rows === null ? failed : [...failed, ...issuesOfRows(rows)]
}

const running = 'RUNNING'

/** A connector says RUNNING while its task has failed, so the tasks count as well. */
function connectorIssues(connectors: readonly ConnectorReport[]): readonly string[] {
  if (connectors.length === 0) return ['no connector is registered']
  return connectors.flatMap(({ name, state, tasks }) => [
    ...(state === running ? [] : [`connector ${name} is ${state}`]),
    ...(tasks.length === 0 ? [`connector ${name} has no task`] : []),
    ...tasks.filter((task) => task.state !== running).map((task) => `task ${task.id} of ${name} is ${task.state}`),
  ])
}

/** `lost`: PostgreSQL has removed what the slot still needed. `unreserved`: it may at any moment. */
const broken: readonly (string | null)[] = ['lost', 'unreserved']

function slotIssues(slots: readonly SlotReport[]): readonly string[] {
  if (slots.length === 0) return ['there is no replication slot']
  return slots.flatMap(({ name, active, walStatus }) => [
    ...(active ? [] : [`slot ${name} is inactive`]),
    ...(broken.includes(walStatus) ? [`the write-ahead log of slot ${name} is ${walStatus}`] : []),
  ])
}

function parkedIssue(service: string, groups: readonly { readonly state: string; readonly keys: number }[]): string {
  const sum = (some: typeof groups): number => some.reduce((total, { keys }) => total + keys, 0)
  const dead = sum(groups.filter(({ state }) => state === 'dead'))
  return `${counted(sum(groups), 'key is', 'keys are')} parked in ${service}${dead === 0 ? '' : `, ${dead} dead`}`
}

const unique = (names: readonly string[]): readonly string[] => [...new Set(names)]

const counted = (count: number, one: string, several: string): string => `${count} ${count === 1 ? one : several}`
