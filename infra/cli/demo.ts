import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { placeOrder } from './api.ts'
import { bringUp, printAddresses } from './bring-up.ts'
import { command, type Local } from './local.ts'
import { printOrder } from './order.ts'
import { print } from './output.ts'
import { watchOrder } from './watch.ts'

/** `make demo`: everything up, the example orders placed over HTTP, and the way of each through the services. */
async function demo(local: Local): Promise<void> {
  await bringUp(local)
  const file = await readFile(new URL('../../examples/orders.json', import.meta.url), 'utf8')
  const bodies = z.array(z.unknown()).parse(JSON.parse(file))
  print()
  print(`  ${bodies.length} orders placed at once, and what the services said about each:`)
  const placed = await Promise.all(bodies.map((body) => placeOrder(local, body)))
  const watched = await Promise.all(placed.map(({ id }) => watchOrder(local, id)))
  for (const one of watched) {
    print()
    printOrder(one)
  }
  print()
  printAddresses(local)
  print()
  print('  It goes on running. Try next:')
  print('    make order                         place one more and watch it')
  print(`    make saga ORDER=${placed[0]?.id ?? ''}`)
  print('    make consume TOPIC=order.events    what really is in Kafka')
  print()
  print('  make down ends it and keeps the data.')
  const unfinished = watched.filter(({ order }) => order.status !== 'paid')
  if (unfinished.length > 0) {
    throw new Error(`${unfinished.length} orders are not paid: make status and make logs tell more.`)
  }
}

await command(demo)
