import { later } from '../support/system/order-path.ts'
import { refundMinor } from './load.ts'
import type { AggregateRow, Facts, OrderRow } from './witnesses.ts'

/**
 * What must hold of the orders of a load once everything is healed and drained, whatever was broken meanwhile.
 * @returns what does not hold, in words; empty when all does
 */
export function violations(facts: Facts): readonly string[] {
  return [
    ...acknowledgedOrdersExist(facts),
    ...everyOrderEnds(facts),
    ...wishesAreKept(facts),
    ...nobodyElseIsCharged(facts),
    ...moneyIsRight(facts),
    ...booksAreRight(facts),
    ...whatWasSaidIsOnKafka(facts),
    ...versionsAreContiguous(facts),
    ...nothingIsHandledTwice(facts),
    ...everyoneIsUpToDate(facts),
    ...customersAreTold(facts),
    ...pathsAreAllowed(facts),
    ...nothingIsLeftOver(facts),
  ]
}

/** An acknowledged order exists once, and is the one that was acknowledged; a refused one does not. */
function acknowledgedOrdersExist({ placed, orders }: Facts): readonly string[] {
  const byMark = Map.groupBy(orders, ({ mark }) => mark)
  return placed.flatMap(({ mark, placing, id }) => {
    const found = byMark.get(mark) ?? []
    if (found.length > 1) return [`placed once, exists ${found.length} times: ${mark}`]
    if (placing.result === 'ok' && found[0]?.id !== id) return [`was acknowledged and does not exist: ${id}`]
    if (placing.result === 'refused' && found.length > 0) return [`was refused and exists: ${mark}`]
    return []
  })
}

/** Paid, refunded, or cancelled with its money settled. One that waits for a person has not ended. */
export const isTerminal = ({ status, settled, onHold }: OrderRow): boolean =>
  !onHold && (status === 'paid' || status === 'refunded' || (status === 'cancelled' && settled))

function everyOrderEnds({ orders }: Facts): readonly string[] {
  return orders.filter((order) => !isTerminal(order)).map((order) => `has not ended: ${JSON.stringify(order)}`)
}

/** Where deadlines are short, they may have done it. */
export const cancelledByNobody = 'was cancelled by nobody'

/** Whoever was answered gets what was said, and nobody is cancelled who did not ask for it. */
function wishesAreKept({ placed, orders, requests }: Facts): readonly string[] {
  const byMark = new Map(orders.map((order) => [order.mark, order]))
  const answers = new Map(requests.filter(({ does }) => does !== 'place').map((one) => [one.mark, one]))
  return placed.flatMap(({ mark, wish }) => {
    const order = byMark.get(mark)
    if (order === undefined) return []
    const isGranted = answers.get(mark)?.result === 'ok'
    const isCancelled = wish === 'declined' || (wish === 'cancelled' && isGranted)
    const refundedMinor = wish === 'refunded' && isGranted ? refundMinor : 0
    const wrong = [
      [isCancelled !== (order.status === 'cancelled'), isCancelled ? 'is not cancelled' : cancelledByNobody],
      [order.status !== 'cancelled' && order.refundedMinor !== refundedMinor, `has not had back ${refundedMinor}`],
    ] as const
    return wrong.flatMap(([isWrong, what]) => (isWrong ? [`wished ${wish} and ${what}: ${JSON.stringify(order)}`] : []))
  })
}

function nobodyElseIsCharged({ charges, mails, orderIds }: Facts): readonly string[] {
  return [
    ...charges
      .filter(({ orderId }) => orderId !== null && !orderIds.has(orderId))
      .map((one) => ['a charge', one] as const),
    ...mails.filter(({ orderId }) => !orderIds.has(orderId)).map((one) => ['a mail', one] as const),
  ].map(([what, one]) => `${what} for an order that does not exist: ${JSON.stringify(one)}`)
}

/** The gateway's own record is the judge. */
function moneyIsRight({ orders, charges }: Facts): readonly string[] {
  const byOrder = new Map(charges.map((one) => [one.orderId, one]))
  return orders.flatMap((order) => {
    const one = byOrder.get(order.id)
    const netMinor = one?.netMinor ?? 0
    const held = one?.intents.filter(({ status }) => status === 'requires_capture').length ?? 0
    const wrong = [
      [(one?.captured.count ?? 0) > 1, 'was captured more than once'],
      [(one?.authorised.count ?? 0) > 1, 'was authorised more than once'],
      [(one?.refunded.amountMinor ?? 0) > (one?.captured.amountMinor ?? 0), 'got back more than was taken'],
      [one !== undefined && one.currency.toUpperCase() !== order.currency, 'was charged in another currency'],
      [
        order.status === 'paid' && one?.captured.amountMinor !== order.totalMinor,
        'is paid and was not charged its total',
      ],
      [
        order.capturedMinor - order.refundedMinor !== netMinor,
        `says other amounts than the gateway, which has ${netMinor}`,
      ],
      [order.status === 'cancelled' && order.settled && netMinor !== 0, 'is cancelled and its money was kept'],
      [isTerminal(order) && held > 0, 'has ended and money is held'],
    ] as const
    return wrong.flatMap(([isWrong, what]) => (isWrong ? [`${what}: ${JSON.stringify(order)}`] : []))
  })
}

/** The ledger has what the gateway has, order by order and currency by currency. */
function booksAreRight({ orders, charges, clearing }: Facts): readonly string[] {
  const ours = new Set<string | null>(orders.map(({ id }) => id))
  const netOf = new Map(
    charges
      .filter(({ orderId }) => ours.has(orderId))
      .map((one) => [`${one.orderId} ${one.currency.toUpperCase()}`, one.netMinor]),
  )
  const balanceOf = new Map(clearing.map((one) => [`${one.orderId} ${one.currency}`, one.balanceMinor]))
  return [...new Set([...netOf.keys(), ...balanceOf.keys()])].flatMap((place) => {
    const [netMinor = 0, balanceMinor = 0] = [netOf.get(place), balanceOf.get(place)]
    return netMinor === balanceMinor ? [] : [`the ledger has ${balanceMinor} and the gateway ${netMinor}: ${place}`]
  })
}

function whatWasSaidIsOnKafka({ said, messages }: Facts): readonly string[] {
  const shipped = new Set(messages.map(({ id }) => id))
  const committed = new Set(said.map(({ id }) => id))
  return [
    ...said.filter(({ id }) => !shipped.has(id)).map((row) => `was said and is not on Kafka: ${JSON.stringify(row)}`),
    ...messages
      .filter(({ id }) => !committed.has(id))
      .map(({ topic, key, type, id }) => `is on Kafka and was never said: ${topic} ${key} ${type} ${id}`),
  ]
}

/** By the first occurrence of each event. */
export function versionsAreContiguous({ messages }: Pick<Facts, 'messages'>): readonly string[] {
  const seen = new Set<string>()
  const versions = new Map<string, number>()
  return messages.flatMap(({ topic, key, id, version }) => {
    if (seen.has(id)) return []
    seen.add(id)
    const stream = `${topic} ${key}`
    const before = versions.get(stream) ?? 0
    versions.set(stream, version)
    return version === before + 1 ? [] : [`out of order in ${stream}: ${version} after ${before}`]
  })
}

/** A message, an outcome or a request changes its aggregate once. A deadline has no id of its own. */
function nothingIsHandledTwice({ history }: Facts): readonly string[] {
  const counts = new Map<string, number>()
  for (const { of, id, type, cause } of history) {
    if (cause === 'deadline') continue
    const what = `${of} ${id} ${type} because of ${cause}`
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  return [...counts].filter(([, count]) => count > 1).map(([what, count]) => `was handled ${count} times: ${what}`)
}

/** Each participant has handled the last thing that its upstream has said. */
export function everyoneIsUpToDate({
  orders,
  payments,
  notifications,
}: Pick<Facts, 'orders' | 'payments' | 'notifications'>): readonly string[] {
  const byId = (rows: readonly AggregateRow[]) => new Map(rows.map((row) => [row.id, row]))
  const paymentOf = byId(payments)
  const notificationOf = byId(notifications)
  const behind = (who: string, { id }: OrderRow, [at = 0, end = 0]: readonly (number | undefined)[]) =>
    at === end ? [] : [`${who} of ${id} has heard ${at} of ${end}`]
  return orders.flatMap((order) => {
    const payment = paymentOf.get(order.id)
    return [
      ...behind('payment', order, [payment?.sourceVersion, order.version]),
      ...behind('notification', order, [notificationOf.get(order.id)?.sourceVersion, order.version]),
      ...behind('order', order, [order.sourceVersion, payment?.version]),
    ]
  })
}

/** At least one mail to whoever's order has ended, and none of them under two names. */
function customersAreTold({ orders, mails, history }: Facts): readonly string[] {
  const arrived = Map.groupBy(mails, ({ orderId }) => orderId)
  const sent = Map.groupBy(
    history.filter(({ of, type }) => of === 'notification_service' && type === 'MailSent'),
    ({ id }) => id,
  )
  return orders.filter(isTerminal).flatMap(({ id }) => {
    const names = new Set((arrived.get(id) ?? []).map(({ messageId }) => messageId)).size
    if (names === 0) return [`has ended and nobody was told: ${id}`]
    const wanted = sent.get(id)?.length ?? 0
    return names === wanted ? [] : [`${wanted} mails were sent under ${names} names: ${id}`]
  })
}

function pathsAreAllowed({ history }: Facts): readonly string[] {
  const steps = history.filter(({ of, status }) => of === 'order_service' && status !== null)
  return [...Map.groupBy(steps, ({ id }) => id)].flatMap(([id, path]) =>
    path.slice(1).flatMap(({ status }, index) => {
      const before = path[index]?.status
      const allowed: readonly string[] = isStatus(before) ? later[before] : []
      return status !== null && allowed.includes(status) ? [] : [`${id} went from ${before} to ${status}`]
    }),
  )
}

const isStatus = (status: string | null | undefined): status is keyof typeof later =>
  typeof status === 'string' && Object.hasOwn(later, status)

function nothingIsLeftOver({ effects, parkedKeys, parkedMessages }: Facts): readonly string[] {
  const place = ({ of, key }: { of: string; key: string }) => `${of} ${key}`
  const keys = new Set(parkedKeys.map(place))
  const withMessages = new Set(parkedMessages.map(place))
  return [
    ...effects.map((one) => `a call is outstanding: ${place(one)}`),
    ...parkedKeys.map((one) => `is parked: ${place(one)}`),
    ...[...withMessages].filter((one) => !keys.has(one)).map((one) => `a parked message has no key: ${one}`),
    ...[...keys].filter((one) => !withMessages.has(one)).map((one) => `a parked key has no message: ${one}`),
  ]
}
