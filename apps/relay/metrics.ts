import type { Kysely } from 'kysely'
import { catalogue, type Metrics } from '#runtime'
import type { Connect } from './connect.ts'
import { daysCovered } from './partitions.ts'

const states = ['running', 'failed', 'not_running', 'unreachable'] as const
type State = (typeof states)[number]

/** Connect as it was, and every look at a connector through it is noted: the state is as old as the last look. */
export function watchedConnect(connect: Connect, metrics: Metrics): Connect {
  const gauge = metrics.gauge(catalogue.connectorState)
  const note = (connector: string, now: State): void => {
    for (const state of states) gauge.set({ connector, state }, state === now ? 1 : 0)
  }
  const noted = async <Answer>(
    connector: string,
    asking: Promise<Answer>,
    stateOf: (answer: Answer) => State | undefined,
  ) => {
    try {
      const answer = await asking
      const state = stateOf(answer)
      if (state !== undefined) note(connector, state)
      return answer
    } catch (error) {
      note(connector, 'unreachable')
      throw error
    }
  }
  return {
    ...connect,
    config: (name) => noted(name, connect.config(name), (config) => (config === undefined ? 'not_running' : undefined)),
    status: (name) => noted(name, connect.status(name), stateOfStatus),
  }
}

/** A task that failed stays failed while its connector says RUNNING: only all parts together tell. */
function stateOfStatus(status: Awaited<ReturnType<Connect['status']>>): State {
  if (status === undefined) return 'not_running'
  const parts = [status.connector, ...status.tasks].map(({ state }) => state)
  if (parts.includes('FAILED')) return 'failed'
  return status.tasks.length > 0 && parts.every((state) => state === 'RUNNING') ? 'running' : 'not_running'
}

/** Counts at each scrape for how many days the outboxes of a database have partitions. */
export function watchPartitions(
  metrics: Metrics,
  { connector, db }: { readonly connector: string; readonly db: Kysely<unknown> },
): void {
  const days = metrics.gauge(catalogue.outboxDays)
  metrics.atScrape({
    name: 'outbox_partitions',
    // Only this database's: the others' figures stand.
    gauges: [{ reset: () => undefined, remove: () => days.remove({ connector }) }],
    fill: async () => days.set({ connector }, await daysCovered(db)),
  })
}
