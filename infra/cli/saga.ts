import { z } from 'zod'
import { getOrder } from './api.ts'
import { command, type Local } from './local.ts'
import { printOrder } from './order.ts'
import { timelineOf } from './timeline.ts'

/** `make saga ORDER=…`: what the services have said about one order until now. */
async function saga(local: Local): Promise<void> {
  const id = z.uuid({ error: 'Say which order: make saga ORDER=<its id>' }).safeParse(process.argv[2])
  if (!id.success) throw new Error(id.error.issues[0]?.message)
  printOrder({ order: await getOrder(local, id.data), timeline: await timelineOf(local.stack, id.data) })
}

await command(saga)
