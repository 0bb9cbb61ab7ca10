import { type ServiceName, serviceNames } from '../../../services.ts'
import { type Component, components } from '../../../stack.ts'
import { didYouMean } from '../arguments/nearest.ts'
import { UsageError } from '../failure.ts'

/** What `make up` starts. */
export interface Plan {
  readonly components: ReadonlySet<Component>
  /** Of Kafka. */
  readonly topics: boolean
  /** Of PostgreSQL. */
  readonly migrations: boolean
  readonly services: ReadonlySet<ServiceName>
}

/** Stand-ins for the outside need nothing; the others do not work without the whole stack. */
const standIns: readonly ServiceName[] = ['mail-sink', 'gateway-simulator']

export const everything = planFor('')

/**
 * @param only names with commas between them: `stack`, a component, a service; empty for everything. Each brings what it
 * needs. Throws for a name that does not exist, and for commas alone.
 */
export function planFor(only: string): Plan {
  const names = only.split(',').map((name) => name.trim())
  const asked = only.trim() === '' ? ['stack', ...serviceNames] : names.filter((name) => name !== '')
  const known = ['stack', ...components, ...serviceNames]
  if (asked.length === 0) throw new UsageError(`ONLY=${only} names nothing. There are: ${known.join(', ')}.`)
  for (const name of asked) {
    if (known.includes(name)) continue
    throw new UsageError(`ONLY=${name} does not exist.${didYouMean(name, known)} There are: ${known.join(', ')}.`)
  }
  const services = serviceNames.filter((name) => asked.includes(name))
  const onStack = services.some((name) => !standIns.includes(name))
  const wanted = components.filter((name) => onStack || asked.includes('stack') || asked.includes(name))
  const chosen = wanted.includes('connect') ? [...wanted, 'kafka' as const] : wanted
  return {
    components: new Set(chosen),
    topics: chosen.includes('kafka'),
    migrations: onStack,
    services: new Set(services),
  }
}
