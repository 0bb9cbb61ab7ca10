import { formatMoney } from '#contracts'
import { good } from './support/display/color.ts'
import { print } from './support/display/output.ts'
import { placeOrder } from './support/order/api.ts'
import { withDatabase } from './support/order/database.ts'
import { readOrderFile } from './support/order/order-file.ts'
import { timelineLines } from './support/order/timeline.ts'
import { type Watched, watchOrder } from './support/order/watch.ts'
import { command, type Local } from './support/stack/local.ts'
import { demandOurs } from './support/stack/ours.ts'

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
