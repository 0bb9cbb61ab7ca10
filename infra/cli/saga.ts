import { z } from 'zod'
import { printOrder } from './order.ts'
import { print } from './support/display/output.ts'
import { UsageError } from './support/failure.ts'
import { getOrder, type OrderView } from './support/order/api.ts'
import { awaitedBy } from './support/order/awaited.ts'
import { type Database, withDatabase } from './support/order/database.ts'
import { timelineLines, timelineOf } from './support/order/timeline.ts'
import { command, type Local } from './support/stack/local.ts'
import { demandOurs } from './support/stack/ours.ts'

const usage = 'make saga ORDER=<its id>, which make order prints.'

/** `make saga ORDER=…`: what the services have said about one order until now, and what is awaited until when. */
async function saga(local: Local): Promise<void> {
  const orderId = parseOrderId(process.argv[2] ?? '')
  await demandOurs(local, 'postgres')
  await withDatabase(local.stack, (database) => tell(local, database, orderId))
}

function parseOrderId(text: string): string {
  if (text === '') throw new UsageError(`Say which order: ${usage}`)
  const id = z.uuid().safeParse(text)
  if (!id.success) throw new UsageError(`ORDER=${text} is not the id of an order, which is a UUID: ${usage}`)
  // As PostgreSQL writes them, and the topics' keys are compared.
  return id.data.toLowerCase()
}

async function tell(local: Local, database: Database, orderId: string): Promise<void> {
  const timeline = await timelineOf(database, orderId)
  if (timeline.length === 0)
    throw new Error(`No service has said anything about an order ${orderId}: it does not exist.`)
  const order = await viewOf(local, orderId)
  if (order !== undefined) printOrder({ order, timeline })
  else for (const line of timelineLines(timeline)) print(`  ${line}`)
  const awaited = await awaitedBy(database, orderId, timeline)
  print(awaited.length === 0 ? '  nothing is awaited' : '  awaited')
  for (const line of awaited) print(`    ${line}`)
}

/** The databases can be read without the order service, and that is when a saga is looked at. */
async function viewOf(local: Local, orderId: string): Promise<OrderView | undefined> {
  const { state } = (await local.services.status()).find(({ name }) => name === 'order') ?? {}
  if (state === 'ready') return await getOrder(local, orderId)
  print(`  ${orderId}  the order service is ${state ?? 'not there'}`)
  return undefined
}

await command(saga)
