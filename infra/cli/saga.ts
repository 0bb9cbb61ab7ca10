import { z } from 'zod'
import { getOrder, type OrderView } from './api.ts'
import { awaitedBy } from './awaited.ts'
import { command, type Local } from './local.ts'
import { printOrder } from './order.ts'
import { print } from './output.ts'
import { timelineLines, timelineOf } from './timeline.ts'

/** `make saga ORDER=…`: what the services have said about one order until now, and what is awaited until when. */
async function saga(local: Local): Promise<void> {
  const id = z.uuid({ error: 'Say which order: make saga ORDER=<its id>' }).safeParse(process.argv[2])
  if (!id.success) throw new Error(id.error.issues[0]?.message)
  const orderId = id.data
  const timeline = await timelineOf(local.stack, orderId)
  const order = await viewOf(local, orderId)
  if (order !== undefined) printOrder({ order, timeline })
  else for (const line of timelineLines(timeline)) print(`  ${line}`)
  const awaited = await awaitedBy(local.stack, orderId, timeline)
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
