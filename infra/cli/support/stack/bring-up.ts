import { migrate } from '../../../../db/migrate.ts'
import { complaintsOf } from '../../../complaints.ts'
import {
  type Component,
  createTopics,
  differentWarning,
  type ServiceName,
  StartError,
  serviceNames,
  servicePort,
} from '../../../index.ts'
import { startRotation } from '../../../process/log-rotation.ts'
import { faint, good } from '../display/color.ts'
import { elapsed, print, printTable } from '../display/output.ts'
import type { Started } from '../display/verdict.ts'
import { Waiting } from '../display/waiting.ts'
import { startAndCompare, startWithItsSettings } from './changed-settings.ts'
import type { Local } from './local.ts'
import { everything, type Plan } from './plan.ts'
import { rememberProvider } from './provider.ts'

/**
 * Starts what does not run yet and what runs with other settings, all of it at once: each part waits by itself for those it
 * needs, and the machine is never idle meanwhile. Says line by line what has come, and what takes longer than two seconds.
 * Throws with all that is in the way before anything is started, or with what to do next.
 */
export async function bringUp(local: Local, plan: Plan = everything): Promise<Started> {
  const start = performance.now()
  const [inTheStack, inTheServices] = await Promise.all([
    plan.components.size > 0 ? local.stack.problems() : [],
    local.services.problems([...plan.services]),
  ])
  const problems = [...inTheStack, ...inTheServices]
  if (problems.length > 0) {
    const list = problems.map(({ what, fix }) => `  - ${what}\n    ${fix}`).join('\n')
    throw new Error(`Nothing was started, because\n${list}`)
  }
  await rememberProvider(local.stack.directory, local.provider)
  const waiting = new Waiting({ words: wordsOf(local) })
  const progress = progressSince(start, waiting)
  try {
    await Promise.all(partsOf(local, progress, plan))
    const processes = plan.components.size + plan.services.size
    return { processes, ms: performance.now() - start, warnings: progress.warnings() }
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    const advice = `make logs S=${error.component} shows more, make up tries again, make down ends what has started.`
    throw new Error([error.message, advice].join('\n'))
  } finally {
    waiting.end()
  }
}

/** Where a browser or a client finds the services. */
export function printAddresses({ config: { servicePorts }, stack }: Local): void {
  printTable([
    ['orders', `http://127.0.0.1:${servicePorts.order}/docs`],
    ['payments', `http://127.0.0.1:${servicePorts.payment}/docs`],
    ['notifications', `http://127.0.0.1:${servicePorts.notification}/docs`],
    ['relay', `http://127.0.0.1:${servicePorts.relay}/readyz`],
    ['card gateway', `http://127.0.0.1:${servicePorts.gateway}/simulator`],
    ['mail', `http://127.0.0.1:${servicePorts.mailHttp}`],
    ...endpointRows(stack),
  ])
}

/** Where the stack is, for a service that is run by hand. */
export function printEndpoints({ stack }: Local): void {
  printTable(endpointRows(stack))
}

const endpointRows = ({ endpoints }: Local['stack']): readonly (readonly string[])[] => [
  ['postgres', endpoints.adminUrl],
  ['kafka', endpoints.brokers.join(',')],
  ['connect', endpoints.connectUrl],
]

/** The relay knows best what the chain from PostgreSQL to Kafka still lacks. */
function wordsOf({ config }: Local): (name: string) => Promise<readonly string[]> {
  return async (name) => (name === 'relay' ? await complaintsOf({ port: config.servicePorts.relay }) : [])
}

interface Progress {
  say(name: string, text: string): void
  ready(name: string, address: string): void
  /** How many lines so far were warnings. */
  warnings(): number
  /** Counts `name` among what is waited for while `work` lasts. */
  during<Result>(name: string, work: () => Promise<Result>): Promise<Result>
}

function progressSince(start: number, waiting: Waiting): Progress {
  let warnings = 0
  const say = (name: string, text: string) => {
    if (text.startsWith('WARNING')) warnings += 1
    waiting.clear()
    print(`${faint(elapsed(start))}  ${name.padEnd(18)} ${text}`)
  }
  return {
    say,
    ready: (name, address) => say(name, `${good('ready')}  ${address}`),
    warnings: () => warnings,
    during: (name, work) => waiting.during(name, work),
  }
}

/** Of every part a promise. The broker, the worker and the connector are the longest chain: what can wait lets them go first. */
function partsOf(local: Local, progress: Progress, plan: Plan): readonly Promise<unknown>[] {
  const { stack, config } = local
  // Once, when the first part has come: it goes on for as long as anything of the directory runs.
  let rotating: Promise<void> | undefined
  const rotate = () => (rotating ??= startRotation(stack.directory))
  const component = async (name: Component) => {
    if (!plan.components.has(name)) return
    const say = (text: string) => progress.say(name, text)
    await progress.during(name, async () => {
      await stack.prepare(say, name)
      await startAndCompare(local, name, say)
    })
    // A container's log is the engine's, which rotates it.
    if (local.provider === 'native') await rotate()
    progress.ready(name, `127.0.0.1:${config.stack.ports[name]}`)
  }
  const service = async (name: ServiceName) => {
    if (!plan.services.has(name)) return
    await progress.during(name, () => startWithItsSettings(local, name, (text) => progress.say(name, text)))
    await rotate()
    progress.ready(name, `http://127.0.0.1:${servicePort(config.servicePorts, name)}`)
  }
  const topics = component('kafka').then(() => (plan.topics ? makeTopics(local, progress) : undefined))
  const connect = component('connect')
  const schemas = component('postgres').then(() => (plan.migrations ? migrateSchemas(local, progress) : undefined))
  const relay = schemas.then(() => service('relay'))
  const both = Promise.all([schemas, topics])
  const others = serviceNames.filter((name) => name !== 'relay').map((name) => both.then(() => service(name)))
  return [topics, connect, schemas, relay, ...others]
}

async function makeTopics({ stack, config }: Local, progress: Progress): Promise<void> {
  const { created, different } = await progress.during('topics', () =>
    createTopics({ brokers: stack.endpoints.brokers, partitions: config.partitions }),
  )
  progress.say('topics', created.length === 0 ? 'there' : `made ${created.join(', ')}`)
  for (const topic of different) {
    progress.say('topics', differentWarning(topic))
    progress.say('topics', '         To begin again with other numbers: make reset')
  }
}

async function migrateSchemas({ stack }: Local, progress: Progress): Promise<void> {
  const applied = await progress.during('migrations', () => migrate(stack.endpoints.adminUrl))
  progress.say('migrations', applied.length === 0 ? 'nothing new' : `applied ${applied.length}`)
}
