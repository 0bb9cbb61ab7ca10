import type { Kysely } from 'kysely'
import { describeError, type Life } from '#runtime'
import type { Connect } from './connect.ts'
import { type Condition, type DesiredConnector, keepConnector } from './connector.ts'
import { coverDays, daysCovered, partitionDaysMin } from './partitions.ts'
import { repeat } from './repeat.ts'

export interface Kept {
  readonly db: Kysely<unknown>
  readonly connect: Connect
  readonly desired: DesiredConnector
}

const lookMs = 1_000
/** While the connector is not as it should be, events wait for it. */
const impatientLookMs = 200
/** A connector that fails again at once is not restarted in a busy loop. */
const afterRestartMs = 5_000
/**
 * A connector that is on its way takes some seconds, also while workers share out their work anew. Each restart doubles the
 * patience: on a slow machine the start itself takes longer, and a restart would interrupt it for ever.
 */
const stuckMs = 20_000
const stuckMaxMs = 10 * 60_000
const partitionsMs = 60 * 60 * 1_000

/** Keeps one database's connector as it should be and its outbox partitions ahead of time, until the process stops. */
export function keep(kept: Kept, life: Life): void {
  const { name } = kept.desired
  let condition: Condition = { is: 'waiting', because: 'it has not been looked at yet' }
  life.readiness.check(`connector ${name}`, () => (condition.is === 'running' ? undefined : condition.because))
  life.readiness.check(`outbox partitions of ${name}`, () => tooFewDays(kept.db))

  let lateSince: number | undefined
  let patienceMs = stuckMs
  const looking = repeat(life.signal, async () => {
    const before = condition
    try {
      const isStuck = lateSince !== undefined && performance.now() - lateSince > patienceMs
      condition = await keepConnector(kept.connect, kept.desired, isStuck)
      lateSince = condition.is === 'waiting' ? (lateSince ?? performance.now()) : undefined
      if (isStuck) patienceMs = Math.min(2 * patienceMs, stuckMaxMs)
      if (condition.is === 'running') patienceMs = stuckMs
    } catch (error) {
      lateSince = undefined
      condition = { is: 'waiting', because: `Kafka Connect: ${describeError(error)}` }
    }
    tell(life, name, { before, now: condition })
    if (condition.is === 'mended' && condition.how === 'restarted') return afterRestartMs
    return condition.is === 'running' ? lookMs : impatientLookMs
  })
  const covering = repeat(life.signal, async () => {
    try {
      await coverDays(kept.db)
      return partitionsMs
    } catch (err) {
      life.log.warn({ err, connector: name }, 'outbox partitions could not be made, trying again')
      return lookMs
    }
  })
  life.onStop(`keeper of ${name}`, async () => void (await Promise.all([looking, covering])))
}

function tell({ log }: Life, connector: string, { before, now }: { before: Condition; now: Condition }): void {
  // A worker that has just started does not know its connectors yet: the same mending again is no news.
  const again = now.is === 'mended' && before.is === 'mended' && before.how === now.how
  if (again) return
  if (now.is === 'mended') log.warn({ connector, how: now.how, because: now.because }, 'mended the connector')
  else if (now.is === 'running' && before.is !== 'running') log.info({ connector }, 'the connector is running')
  else if (now.is === 'waiting' && !(before.is === 'waiting' && before.because === now.because)) {
    log.warn({ connector, because: now.because }, 'waiting for the connector')
  }
}

async function tooFewDays(db: Kysely<unknown>): Promise<string | undefined> {
  const days = await daysCovered(db)
  return days >= partitionDaysMin ? undefined : `only ${days} days of an outbox have a partition`
}
