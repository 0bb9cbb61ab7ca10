import { migrate } from '../../db/migrate.ts'
import { type Component, createTopics, differentWarning, type ServiceName, StartError } from '../index.ts'
import { complaintsOf } from './complaints.ts'
import type { Local } from './local.ts'
import { elapsed, print, printTable } from './output.ts'
import { rememberProvider } from './provider.ts'
import { startAndCompare, startWithItsSettings } from './support/changed-settings.ts'
import { everything, type Plan } from './support/plan.ts'

/**
 * Starts what does not run yet and what runs with other settings, in the order in which one needs the other, and says so
 * line by line. Throws with all that is in the way before anything is started, or with what to do next.
 */
export async function bringUp(local: Local, plan: Plan = everything): Promise<void> {
  const progress = progressSince(performance.now())
  const onStack = plan.components.size > 0
  const problems = [
    ...(onStack ? await local.stack.problems() : []),
    ...(await local.services.problems([...plan.services])),
  ]
  if (problems.length > 0) {
    const list = problems.map(({ what, fix }) => `  - ${what}\n    ${fix}`).join('\n')
    throw new Error(`Nothing was started, because\n${list}`)
  }
  if (onStack) await local.stack.prepare((text) => progress('', text))
  await rememberProvider(local.stack.directory, local.provider)
  try {
    await startStack(local, progress, plan)
    await startServices(local, progress, plan)
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    const failed = (await local.services.status()).find(
      ({ name, pid }) => name === error.component && pid !== undefined,
    )
    const complaints = failed === undefined ? [] : (await complaintsOf(failed)).map((text) => `It says: ${text}`)
    const advice = `make logs S=${error.component} shows more, make up tries again, make down ends what has started.`
    throw new Error([error.message, ...complaints, advice].join('\n'))
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

type Progress = (name: string, text: string) => void

function progressSince(start: number): Progress {
  return (name, text) => print(`${elapsed(start)}  ${name.padEnd(18)} ${text}`)
}

async function startStack(local: Local, progress: Progress, plan: Plan): Promise<void> {
  const { config } = local
  const component = async (name: Component) => {
    if (!plan.components.has(name)) return
    await startAndCompare(local, name, (text) => progress(name, text))
    progress(name, `ready  127.0.0.1:${config.stack.ports[name]}`)
  }
  const standIn = async (name: ServiceName, port: number) => {
    if (!plan.services.has(name)) return
    await startWithItsSettings(local, name, (text) => progress(name, text))
    progress(name, `ready  127.0.0.1:${port}`)
  }
  const kafka = component('kafka')
  await Promise.all([
    kafka.then(() => component('connect')),
    kafka.then(() => (plan.topics ? makeTopics(local, progress) : undefined)),
    component('postgres').then(() => (plan.migrations ? migrateSchemas(local, progress) : undefined)),
    standIn('mail-sink', config.servicePorts.mailHttp),
    standIn('gateway-simulator', config.servicePorts.gateway),
  ])
}

async function startServices(local: Local, progress: Progress, plan: Plan): Promise<void> {
  await Promise.all(
    (['relay', 'order', 'payment', 'notification'] as const)
      .filter((name) => plan.services.has(name))
      .map(async (name) => {
        await startWithItsSettings(local, name, (text) => progress(name, text))
        progress(name, `ready  http://127.0.0.1:${local.config.servicePorts[name]}`)
      }),
  )
}

async function makeTopics({ stack, config }: Local, progress: Progress): Promise<void> {
  const { created, different } = await createTopics({
    brokers: stack.endpoints.brokers,
    partitions: config.partitions,
  })
  progress('topics', created.length === 0 ? 'there' : `made ${created.join(', ')}`)
  for (const topic of different) {
    progress('topics', differentWarning(topic))
    progress('topics', '         To begin again with other numbers: make reset')
  }
}

async function migrateSchemas({ stack }: Local, progress: Progress): Promise<void> {
  const applied = await migrate(stack.endpoints.adminUrl)
  progress('migrations', applied.length === 0 ? 'nothing new' : `applied ${applied.length}`)
}
