import { formatMoney } from '#contracts'
import { placeOrder } from './api.ts'
import { command, type Local } from './local.ts'
import { print } from './output.ts'
import { withDatabase } from './support/database.ts'
import { good } from './support/display/color.ts'
import { readOrderFile } from './support/order-file.ts'
import { demandOurs } from './support/ours.ts'
import { timelineLines } from './timeline.ts'
import { type Watched, watchOrder } from './watch.ts'

/** `make order`: places the first of the example orders, or the order in a file, and watches it. */
async function order(local: Local): Promise<void> {
  const body = await readOrderFile(process.argv[2] ?? '')
  await demandOurs(local, 'order', 'postgres')
  const { id } = await placeOrder(local, body)
  printOrder(await withDatabase(local.stack, (database) => watchOrder({ local, database }, id)))
}

/** An order's outcome in a line, and below it its way. */
export function printOrder({ order: { id, status, reason, totalMinor, currency, customer }, timeline }: Watched): void {
  const shown = status === 'paid' ? good(status) : status
  const outcome = reason === undefined ? shown : `${shown} (${reason})`
  print(`  ${id}  ${formatMoney(BigInt(totalMinor), currency)}  ${customer.name ?? customer.email}  ${outcome}`)
  for (const line of timelineLines(timeline)) print(`  ${line}`)
}

if (import.meta.main) await command(order)
