import { complaintsOf } from '../../../complaints.ts'
import { occupant } from '../../../process/ports.ts'
import { memoryBytes } from '../../../process/process-table.ts'
import { components, type ProcessStatus } from '../../../stack.ts'
import { participants } from '../arguments/redrive-request.ts'
import { failureInWords } from '../failure.ts'
import type { Local } from '../stack/local.ts'
import { connectorsOf } from './connectors.ts'
import { groupsOf, slotsOf } from './groups-and-slots.ts'
import { findingsIn, parkedIn, reviewsIn } from './payments-and-parked.ts'
import type { ProcessReport, Report, Section } from './report.ts'

/** Looks at everything. What cannot be asked keeps nothing else from being seen: a status is read when something is wrong. */
export async function observe(local: Local): Promise<Report> {
  const { stack, services } = local
  const [parts, apps] = await Promise.all([stack.status(), services.status()])
  const isReady = (name: string) => parts.some((part) => part.name === name && part.state === 'ready')
  // A service that waits for Kafka still answers operators.
  const answering = participants.filter((name) =>
    apps.some((app) => app.name === name && (app.state === 'ready' || app.state === 'silent')),
  )
  const payment = answering.includes('payment')
  const [processes, connectors, groups, slots, parked, reviews, findings] = await Promise.all([
    Promise.all([
      ...parts.map((part) => describe(local, part, [])),
      ...apps.map(async (app) => describe(local, app, app.state === 'silent' ? await complaintsOf(app) : [])),
    ]),
    section(isReady('connect'), () => connectorsOf(stack.endpoints.connectUrl)),
    section(isReady('kafka'), () => groupsOf(stack)),
    section(isReady('postgres'), () => slotsOf(stack)),
    section(answering.length > 0, () => parkedIn(local, answering)),
    section(payment, () => reviewsIn(local)),
    section(payment, () => findingsIn(local)),
  ])
  return { processes, connectors, groups, slots, parked, reviews, findings }
}

async function describe(
  local: Local,
  { name, state, port, pid, container }: ProcessStatus,
  waitsFor: readonly string[],
): Promise<ProcessReport> {
  const memory = await memoryOf(local, name, pid)
  const holder = state === 'stopped' ? await occupant(port) : undefined
  return {
    name,
    state,
    port,
    waitsFor,
    ...(pid === undefined ? {} : { pid }),
    ...(container === undefined ? {} : { container }),
    ...(memory === undefined ? {} : { memoryBytes: memory }),
    ...(holder === undefined ? {} : { portHeldBy: holder }),
  }
}

async function memoryOf({ stack }: Local, name: string, pid: number | undefined): Promise<number | undefined> {
  const component = components.find((each) => each === name)
  if (component !== undefined) return await stack.memoryBytes(component)
  return pid === undefined ? undefined : await memoryBytes(pid)
}

async function section<Row>(isThere: boolean, read: () => Promise<readonly Row[]>): Promise<Section<Row>> {
  if (!isThere) return { rows: null }
  try {
    return { rows: await read() }
  } catch (error) {
    return { rows: null, unread: failureInWords(error) }
  }
}
