import { migrate } from '../../db/migrate.ts'
import { createTopics, differentWarning, type ServiceName, StartError } from '../index.ts'
import { complaintsOf } from './complaints.ts'
import type { Local } from './local.ts'
import { elapsed, print, printTable } from './output.ts'
import { rememberProvider } from './provider.ts'

/**
 * Starts what does not run yet, in the order in which one needs the other, and says so line by line. `stackOnly` leaves
 * out services and migrations. Throws with all that is in the way before anything is started, or with what to do next.
 */
export async function bringUp(local: Local, stackOnly = false): Promise<void> {
  const progress = progressSince(performance.now())
  const problems = [...(await local.stack.problems()), ...(stackOnly ? [] : await local.services.problems())]
  if (problems.length > 0) {
    const list = problems.map(({ what, fix }) => `  - ${what}\n    ${fix}`).join('\n')
    throw new Error(`Nothing was started, because\n${list}`)
  }
  await local.stack.prepare((text) => progress('', text))
  await rememberProvider(local.stack.directory, local.provider)
  try {
    await startStack(local, progress, stackOnly)
    if (!stackOnly) await startServices(local, progress)
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

async function startStack(local: Local, progress: Progress, stackOnly: boolean): Promise<void> {
  const { stack, services, config } = local
  const ready = (name: string, port: number) => progress(name, `ready  127.0.0.1:${port}`)
  const helper = async (name: ServiceName, port: number) => {
    await services.start(name)
    ready(name, port)
  }
  const kafka = stack.start('kafka').then(() => ready('kafka', config.stack.ports.kafka))
  const postgres = stack.start('postgres').then(() => ready('postgres', config.stack.ports.postgres))
  await Promise.all([
    kafka.then(() => stack.start('connect')).then(() => ready('connect', config.stack.ports.connect)),
    kafka.then(() => makeTopics(local, progress)),
    ...(stackOnly
      ? [postgres]
      : [
          postgres.then(() => migrateSchemas(local, progress)),
          helper('mail-sink', config.servicePorts.mailHttp),
          helper('gateway-simulator', config.servicePorts.gateway),
        ]),
  ])
}

async function startServices({ services, config }: Local, progress: Progress): Promise<void> {
  await Promise.all(
    (['relay', 'order', 'payment', 'notification'] as const).map(async (name) => {
      await services.start(name)
      progress(name, `ready  http://127.0.0.1:${config.servicePorts[name]}`)
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
