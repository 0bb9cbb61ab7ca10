import type { Generated } from '../load/command.ts'
import type { Outcome, Sent } from '../system.ts'
import type { Usage } from './processes.ts'

export interface Evidence {
  readonly generated: Generated
  /** How many orders came to their end in this run. */
  readonly ended: number
  /** For how long nothing ended before the wait was given up. */
  readonly withoutProgressMs: number
  readonly outcomes: readonly Outcome[]
  readonly flaws: readonly string[]
  readonly before: Usage
  readonly after: Usage
}

/** Whatever makes a run void, in words. Empty: its numbers may be shown. */
export function faultsOf({ generated, ended, withoutProgressMs, outcomes, flaws, before, after }: Evidence): string[] {
  const { sent, failed } = generated
  const orders = new Set(sent.map(({ orderId }) => orderId)).size
  const outcomeOf = new Map(outcomes.map((outcome) => [outcome.orderId, outcome]))
  const met = sent.flatMap((order) => {
    const outcome = outcomeOf.get(order.orderId)
    return outcome === undefined ? [] : [{ order, outcome }]
  })
  return [
    ...failed.map((reason) => `failed requests: ${reason}`),
    ...(sent.length === 0 ? ['no order was answered'] : []),
    ...counted(sent.length - orders, 'answered with the id of another'),
    ...counted(orders - ended, `left hanging: none came to its end for ${withoutProgressMs} ms`),
    ...counted(ended - orders, 'ended without having been answered'),
    ...counted(sent.length - met.length, 'lost'),
    ...counted(outcomes.length - outcomeOf.size, 'whose outcome was found twice'),
    ...counted(met.filter(({ outcome }) => outcome.paidAtMs === undefined).length, 'never paid'),
    ...counted(met.filter(({ outcome }) => outcome.notifiedAtMs === undefined).length, 'never notified'),
    ...counted(
      met.filter(({ order, outcome }) => isEarly(order, outcome)).length,
      'ended before being sent: the clocks differ',
    ),
    ...[...before.cpuSeconds.keys()].filter((name) => !after.cpuSeconds.has(name)).map((name) => `${name} has died`),
    ...flaws,
  ]
}

function isEarly({ plannedAtMs }: Sent, { paidAtMs, notifiedAtMs }: Outcome): boolean {
  return Math.min(paidAtMs ?? plannedAtMs, notifiedAtMs ?? plannedAtMs) < plannedAtMs
}

function counted(count: number, what: string): string[] {
  return count > 0 ? [`${count} ${count === 1 ? 'order' : 'orders'} ${what}`] : []
}
