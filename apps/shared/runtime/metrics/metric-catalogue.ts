/** Known in this file only, so that nobody else can make up a metric. */
const listedHere: unique symbol = Symbol('listed here')

export type MetricKind = 'counter' | 'gauge' | 'histogram'

/** A metric of the list below. */
export interface Listed<Kind extends MetricKind = MetricKind, Label extends string = string> {
  readonly kind: Kind
  readonly name: `paysaga_${string}`
  readonly unit: string
  /** Each has few values, whatever comes in: never an id, never what a caller wrote. */
  readonly labels: readonly Label[]
  readonly help: string
  /** Upper bounds of a histogram, in its unit. */
  readonly buckets: readonly number[]
  readonly [listedHere]: true
}

type About<Label extends string> = Pick<Listed<MetricKind, Label>, 'unit' | 'labels' | 'help'>

/** From one round trip on the same machine to an outage of minutes. */
const delayBuckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300]
/** A saga takes 25 ms alone and days when a merchant cancels or refunds. */
const sagaBuckets = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3_600, 86_400, 604_800]
/** To the largest batch there is. */
const batchBuckets = [1, 2, 5, 10, 20, 50, 100, 200, 500]

/** Every metric of ours. Process metrics of prom-client (`process_*`, `nodejs_*`) come on top. docs/metrics.md is made of it. */
export const catalogue = {
  handled: counter('paysaga_handled_total', {
    unit: 'inputs',
    labels: ['type', 'outcome'],
    help: 'Messages, outcomes of effects and deadlines that were decided, by type and by what became of them: applied, duplicate, late, repeat, refused, skipped, alarm; content, gap, not-yet or undecodable when it is parked. Types that the service does not know are `other`.',
  }),
  batchSize: histogram('paysaga_batch_messages', batchBuckets, {
    unit: 'messages',
    labels: [],
    help: 'Messages that were handled in one go, of all partitions together.',
  }),
  batchDuration: histogram('paysaga_batch_seconds', delayBuckets, {
    unit: 'seconds',
    labels: [],
    help: 'Time to handle one batch, with its commit and whatever had to be tried again.',
  }),
  shippingDelay: histogram('paysaga_outbox_to_kafka_seconds', delayBuckets, {
    unit: 'seconds',
    labels: [],
    help: 'From writing an event into the outbox (ce_time, the clock of the database) to its Kafka timestamp (the clock of Connect).',
  }),
  handlingDelay: histogram('paysaga_kafka_to_handled_seconds', delayBuckets, {
    unit: 'seconds',
    labels: [],
    help: 'From the Kafka timestamp of a message to the commit of what it caused (our clock). Repeats are left out.',
  }),
  consumerLag: gauge('paysaga_consumer_lag_messages', {
    unit: 'messages',
    labels: ['topic', 'partition'],
    help: 'Messages of a partition of ours that are not handled yet, as of its last fetch. A partition that stopped keeps the value it stopped with.',
  }),
  effectCall: histogram('paysaga_effect_call_seconds', delayBuckets, {
    unit: 'seconds',
    labels: ['kind', 'outcome'],
    help: 'Calls to the outside by kind of effect and by what came of them: answered, unknown, not_performed, gave_up.',
  }),
  effectsDue: gauge('paysaga_effects_due', {
    unit: 'effects',
    labels: [],
    help: 'Effects whose time has come and that nobody is calling. Counted up to 10,000.',
  }),
  oldestEffect: gauge('paysaga_effect_oldest_seconds', {
    unit: 'seconds',
    labels: [],
    help: 'Age of the oldest effect that is still to be done, due or postponed; 0 when there is none.',
  }),
  deadlinesDue: gauge('paysaga_deadlines_due', {
    unit: 'deadlines',
    labels: [],
    help: 'Deadlines that have passed and are not decided. Counted up to 10,000.',
  }),
  parkedKeys: gauge('paysaga_parked_keys', {
    unit: 'keys',
    labels: ['state'],
    help: 'Aggregates whose next message could not be handled: waiting for another attempt, or dead until an operator acts. Counted up to 10,000.',
  }),
  openOrders: gauge('paysaga_orders_open', {
    unit: 'orders',
    labels: ['status', 'age'],
    help: 'Orders that wait for their payment, by status and by time since they were placed. Counted up to 10,000.',
  }),
  oldestOpenOrder: gauge('paysaga_order_open_oldest_seconds', {
    unit: 'seconds',
    labels: ['status'],
    help: 'Time since the oldest of those orders was placed; 0 when there is none.',
  }),
  sagaDuration: histogram('paysaga_saga_seconds', sagaBuckets, {
    unit: 'seconds',
    labels: ['outcome'],
    help: 'From placing an order to its end: paid, refunded in full, or cancelled with no money held or kept.',
  }),
  paymentsWaiting: gauge('paysaga_payments_waiting', {
    unit: 'payments',
    labels: ['condition'],
    help: 'Payments whose last call has no answer yet (unknown), and payments that wait for a person (review). Counted up to 10,000.',
  }),
  webhookRequests: counter('paysaga_webhook_requests_total', {
    unit: 'requests',
    labels: ['outcome'],
    help: 'Webhooks of the gateway by what became of the request: kept, repeat, again (it had failed); refused as forged, stale, invalid or unconfigured.',
  }),
  gatewayEvents: counter('paysaga_gateway_events_total', {
    unit: 'events',
    labels: ['outcome'],
    help: 'Events of the gateway that were handled: applied, known (nothing new), undecided; alarm, unknown_order, dispute and failed want somebody to look; other.',
  }),
  gatewayEventsDue: gauge('paysaga_gateway_events_due', {
    unit: 'events',
    labels: [],
    help: 'Events of the gateway that are not handled yet. Counted up to 10,000.',
  }),
  reconciledPairs: counter('paysaga_reconciled_total', {
    unit: 'payments',
    labels: ['verdict'],
    help: 'Payments that were compared with the gateway: matched, repaired, left_open (something is on its way), not_ours (made by others); reported wants somebody to look.',
  }),
  reconciliationAge: gauge('paysaga_reconciliation_age_seconds', {
    unit: 'seconds',
    labels: [],
    help: 'Since the last comparison with the gateway that came to its end; 0 where there was none.',
  }),
  reconciliationFindings: gauge('paysaga_reconciliation_findings', {
    unit: 'findings',
    labels: ['kind'],
    help: 'Where we and the gateway differ and a person has to look: missing_here, extra_here, amount_differs, state_differs, ledger_differs. Counted up to 10,000.',
  }),
  ledgerUnsealed: gauge('paysaga_ledger_unsealed_seconds', {
    unit: 'seconds',
    labels: [],
    help: 'For how long the oldest transfer of the ledger waits for a block that seals it; 0 when there is none.',
  }),
  httpRequest: histogram('paysaga_http_request_seconds', delayBuckets, {
    unit: 'seconds',
    labels: ['method', 'route', 'status'],
    help: 'HTTP requests by the pattern of their route; `other` where no route matched.',
  }),
  poolConnections: gauge('paysaga_pool_connections', {
    unit: 'connections',
    labels: ['database', 'state'],
    help: 'Connections of the database pool that are open, busy or idle.',
  }),
  poolWaiting: gauge('paysaga_pool_waiting', {
    unit: 'requests',
    labels: ['database'],
    help: 'Whoever waits for a connection of the pool.',
  }),
  connectorState: gauge('paysaga_connector_state', {
    unit: 'yes or no',
    labels: ['connector', 'state'],
    help: '1 for what the relay saw of the connector and its tasks last (running, failed, not_running, unreachable), 0 for the others.',
  }),
  outboxDays: gauge('paysaga_outbox_partition_days', {
    unit: 'days',
    labels: ['connector'],
    help: 'Days after today for which every outbox of the database has a partition. At 0 no order can be taken tomorrow.',
  }),
  scrapeFailures: counter('paysaga_scrape_failures_total', {
    unit: 'failures',
    labels: ['source'],
    help: 'Look-ups for a scrape that failed or did not answer in time. Their metrics are missing from that scrape.',
  }),
} as const

function counter<const Label extends string>(name: Listed['name'], about: About<Label>): Listed<'counter', Label> {
  return { ...about, kind: 'counter', name, buckets: [], [listedHere]: true }
}

function gauge<const Label extends string>(name: Listed['name'], about: About<Label>): Listed<'gauge', Label> {
  return { ...about, kind: 'gauge', name, buckets: [], [listedHere]: true }
}

function histogram<const Label extends string>(
  name: Listed['name'],
  buckets: readonly number[],
  about: About<Label>,
): Listed<'histogram', Label> {
  return { ...about, kind: 'histogram', name, buckets, [listedHere]: true }
}
