import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { beginKeepingRun, type Run } from '../runs/run.ts'
import { printOrder } from './order.ts'
import { bad } from './support/display/color.ts'
import { crashAhead, goodOrder } from './support/display/explanation.ts'
import { print, printTable } from './support/display/output.ts'
import { allIsWell, seconds } from './support/display/verdict.ts'
import { capturesOf, getOrder, placeOrder } from './support/order/api.ts'
import { withDatabase } from './support/order/database.ts'
import { inOrder } from './support/order/timeline.ts'
import { type Watched, watchOrder } from './support/order/watch.ts'
import { bringUp, printAddresses } from './support/stack/bring-up.ts'
import { command, type Local } from './support/stack/local.ts'

/** `make demo`: everything up, the example orders placed over HTTP, the way of each, and one that meets a crash. */
async function demo(local: Local): Promise<void> {
  const begun = performance.now()
  const run = beginKeepingRun('demo', local)
  const started = await bringUp(local)
  const file = await readFile(new URL('../../examples/orders.json', import.meta.url), 'utf8')
  const bodies = z.array(z.unknown()).parse(JSON.parse(file))
  print()
  for (const line of goodOrder(bodies.length)) print(`  ${line}`)
  const placed = await Promise.all(bodies.map((body) => placeOrder(local, body)))
  const watched = await withDatabase(local.stack, (database) =>
    Promise.all(placed.map(({ id }) => watchOrder({ local, database }, id))),
  )
  for (const one of watched) {
    print()
    printOrder(one)
  }
  await leaveToWhatRanBefore(local, run)
  const survivor = await crash(local, bodies[0])
  print()
  printAddresses(local)
  print()
  printWhatNext(local, placed[0]?.id ?? '')
  print()
  const orders = [...watched, survivor]
  const unfinished = orders.filter(({ order }) => order.status !== 'paid')
  if (unfinished.length > 0) {
    throw new Error(`${unfinished.length} orders are not paid: make status and make logs tell more.`)
  }
  print(`  ${allIsWell(started, `${orders.length} orders paid`, `${seconds(performance.now() - begun)} in all`)}`)
}

function printWhatNext({ config: { servicePorts } }: Local, orderId: string): void {
  const simulator = `http://127.0.0.1:${servicePorts.gateway}/simulator`
  print('  It goes on running. Look next at:')
  printTable([
    ['  make status', 'whether all is well, and how every part is'],
    [`  make saga ORDER=${orderId}`, 'the way of one order'],
    ['  make order', 'place one more and watch it'],
    ['  make consume TOPIC=order.events', 'what really is in Kafka'],
    [`  ${simulator}`, 'what the card gateway really did'],
    [`  http://127.0.0.1:${servicePorts.order}/docs`, 'the API, to try out'],
  ])
  print()
  print('  make down ends it and keeps the data.')
}

/** A payment service that ran before is killed and started again as what it was: it goes on also when the demo is interrupted. */
async function leaveToWhatRanBefore({ services }: Local, run: Run): Promise<void> {
  const payment = (await services.status()).find(({ name }) => name === 'payment')
  if (payment?.pid !== undefined && !run.started(payment.pid)) run.leave()
}

/** Kills the payment service between its being asked and its answer, and watches the order finish. */
async function crash(local: Local, body: unknown): Promise<Watched> {
  print()
  const sessionTimeoutMs = Number(local.services.environment['KAFKA_SESSION_TIMEOUT_MS'])
  for (const line of crashAhead('payment', sessionTimeoutMs)) print(`  ${line}`)
  // Held still first: a saga takes some 50 ms, and no kill could be aimed that well on a busy machine.
  await local.services.kill('payment', 'SIGSTOP')
  const { id } = await placeOrder(local, body)
  await local.services.kill('payment', 'SIGKILL')
  const killed = { service: 'payment', type: bad('*** killed (SIGKILL) ***'), at: new Date() }
  print()
  print(`  payment is dead, and the order is ${(await getOrder(local, id)).status}. payment is started again …`)
  const started = { service: 'payment', type: '*** started again ***', at: new Date() }
  await local.services.start('payment')
  const { order, timeline } = await withDatabase(local.stack, (database) => watchOrder({ local, database }, id))
  const whole = { order, timeline: inOrder([...timeline, killed, started]) }
  print()
  printOrder(whole)
  const captures = await capturesOf(local, id)
  print(`  The card gateway’s own record: captured ${captures} time.`)
  if (captures > 1) throw new Error('The money was taken more than once.')
  return whole
}

await command(demo)
