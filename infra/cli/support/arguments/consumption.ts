import { UsageError } from '../failure.ts'

/** Where reading begins, in every partition. */
export type Start =
  | { readonly is: 'beginning' }
  | { readonly is: 'offset'; readonly offset: bigint }
  | { readonly is: 'time'; readonly timeMs: number }

const usage = 'make consume TOPIC=order.events [FROM=2026-11-22T16:00:00Z | FROM=<offset>] [N=20] [F=1]'

/** What `make consume` was asked for. Whether there is such a topic, the broker knows. Throws with what is wrong. */
export function parseConsumption({ topic, from, count }: Readonly<Record<'topic' | 'from' | 'count', string>>): {
  readonly start: Start
  readonly limit: number
} {
  if (topic === '') throw new UsageError(`Say which topic, make topics lists them: ${usage}`)
  if (!/^(|[1-9]\d*)$/.test(count)) throw new UsageError(`N=${count} is not a number of messages from 1 on: ${usage}`)
  return { start: startOf(from), limit: count === '' ? Number.POSITIVE_INFINITY : Number(count) }
}

function startOf(from: string): Start {
  if (from === '') return { is: 'beginning' }
  if (/^\d+$/.test(from)) return { is: 'offset', offset: BigInt(from) }
  const timeMs = Date.parse(from)
  if (!Number.isNaN(timeMs)) return { is: 'time', timeMs }
  throw new UsageError(`FROM=${from} is neither an offset nor a time such as 2026-11-22T16:00:00Z: ${usage}`)
}
