import { z } from 'zod'
import { choreography, type Service } from '#contracts'
import type { Database } from './database.ts'
import type { Said } from './timeline.ts'

/** What an order waits for, as lines for a person; empty when its saga is over. */
export async function awaitedBy(
  database: Database,
  orderId: string,
  timeline: readonly Said[],
): Promise<readonly string[]> {
  const finished = await isFinished(database, orderId)
  const parts = await Promise.all(services.map((service) => partOf(database, service, orderId)))
  const calling = new Set(parts.filter(({ calls }) => calls.length > 0).map(({ service }) => service))
  return [
    ...unanswered(timeline, calling)
      // What the money does concerns a finished order no more; its customer may still have to be told.
      .filter(({ by }) => !finished || by === 'notification')
      .map(({ event, by, answers }) => line(`from ${by}`, `${answers.join(' or ')}, to answer ${event}`)),
    ...parts.flatMap(({ service, calls, now }) =>
      calls.map((call) => line(`call of ${service}`, callInWords(call, now))),
    ),
    ...parts.flatMap(({ service, due, now }) =>
      due === undefined ? [] : [line(`deadline of ${service}`, `${within(now, due)}, ${due.toISOString()}`)],
    ),
  ]
}

/** Nothing more will become of the order or of its money. */
async function isFinished(database: Database, orderId: string): Promise<boolean> {
  const rows = await database.rows(
    `select (status in ('paid', 'refunded') or (status = 'cancelled' and settled))
            and not jsonb_path_exists(state, '$.refunds[*] ? (@.status == "pending")') as finished
     from order_service.orders where id = $1`,
    [orderId],
  )
  return z.array(z.object({ finished: z.boolean() })).parse(rows)[0]?.finished ?? false
}

const services = ['order', 'payment', 'notification'] as const satisfies readonly Service[]
const aggregates = { order: 'orders', payment: 'payments', notification: 'notifications' } as const
const line = (what: string, detail: string): string => `${what.padEnd(24)}${detail}`

interface Unanswered {
  readonly event: string
  readonly by: Service
  /** Any of these will do. */
  readonly answers: readonly string[]
}

/** The last event of each service that another one has an answer to and has not given it. */
function unanswered(timeline: readonly Said[], calling: ReadonlySet<Service>): readonly Unanswered[] {
  return services.flatMap((from) =>
    services.flatMap((by) => {
      const asked = timeline.findLastIndex(({ type, service }) => service === from && answersTo(type, by).length > 0)
      const { type: event } = timeline[asked] ?? {}
      if (event === undefined) return []
      const since = timeline.slice(asked + 1).filter(({ service }) => service === by)
      const answers = answersTo(event, by)
      const answered = since.some(({ type }) => answers.includes(type))
      // It said something else and is doing nothing more about it, a mail that failed for instance.
      const hasDone = since.length > 0 && !calling.has(by)
      return answered || hasDone ? [] : [{ event, by, answers }]
    }),
  )
}

function answersTo(event: string, by: Service): readonly string[] {
  return Object.entries(choreography).flatMap(([type, step]) => {
    const replies: readonly string[] = 'answers' in step ? step.answers : []
    const undoes: readonly string[] = 'compensates' in step ? step.compensates : []
    return step.in === by && (replies.includes(event) || undoes.includes(event)) ? [type] : []
  })
}

const aggregate = z.array(z.object({ now: z.date(), due_at: z.date().nullable() })).max(1)
const effects = z.array(
  z.object({
    kind: z.string(),
    attempts: z.int(),
    next_attempt_at: z.date(),
    leased_until: z.date().nullable(),
    unknown_since: z.date().nullable(),
    last_error: z.string().nullable(),
  }),
)
type Call = z.infer<typeof effects>[number]

interface Part {
  readonly service: Service
  readonly now: Date
  readonly due: Date | undefined
  readonly calls: readonly Call[]
}

/** By the database's clock. */
async function partOf(database: Database, service: Service, orderId: string): Promise<Part> {
  const schema = `${service}_service`
  const [rows, calls] = await Promise.all([
    database.rows(`select clock_timestamp() as now, due_at from ${schema}.${aggregates[service]} where id = $1`, [
      orderId,
    ]),
    database.rows(
      `select kind, attempts, next_attempt_at, leased_until, unknown_since, last_error
       from ${schema}.effect where key = $1 order by created_at`,
      [orderId],
    ),
  ])
  const [{ now, due_at } = { now: new Date(), due_at: null }] = aggregate.parse(rows)
  return { service, now, due: due_at ?? undefined, calls: effects.parse(calls) }
}

function callInWords(call: Call, now: Date): string {
  const { kind, attempts, next_attempt_at, leased_until, unknown_since, last_error } = call
  const isUnderWay = leased_until !== null && leased_until > now
  const next = isUnderWay ? `under way, again ${within(now, leased_until)}` : `next ${within(now, next_attempt_at)}`
  return [
    `${kind}, ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`,
    next,
    ...(unknown_since === null ? [] : [`outcome unknown since ${unknown_since.toISOString()}`]),
    ...(last_error === null ? [] : [last_error]),
  ].join(', ')
}

/** `in 14 min 3 s`, or `now` for what is due. */
function within(now: Date, moment: Date): string {
  const seconds = Math.ceil((moment.getTime() - now.getTime()) / 1_000)
  if (seconds <= 0) return 'now'
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3_600) % 24,
    Math.floor(seconds / 60) % 60,
  ]
  const parts = [`${days} d`, `${hours} h`, `${minutes} min`, `${seconds % 60} s`].filter(
    (part) => !part.startsWith('0 '),
  )
  return `in ${parts.slice(0, 2).join(' ')}`
}
