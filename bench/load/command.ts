import { z } from 'zod'

/** A mistyped load would fill the memory of the generator, which keeps every order that was sent. */
const maxOrders = 1_000_000
const maxConnections = 1_024
const maxSeconds = 3_600

const load = z
  .object({
    kind: z.enum(['closed', 'open']),
    intensity: z.number().positive(),
    seconds: z.number().positive().max(maxSeconds),
    seed: z.int(),
  })
  .refine(({ kind, intensity }) => kind === 'open' || (Number.isInteger(intensity) && intensity <= maxConnections), {
    path: ['intensity'],
    error: `must be a whole number of connections, at most ${maxConnections}`,
  })
  .refine(({ kind, intensity, seconds }) => kind === 'closed' || intensity * seconds <= maxOrders, {
    path: ['intensity'],
    error: `must not come to more than ${maxOrders} orders`,
  })

const command = z.object({
  url: z.url().refine(isLoopback, { error: 'must be http on this machine (127.0.0.1, [::1] or localhost)' }),
  headers: z.record(z.string(), z.string()),
  load,
})

/** What the generator is started with, as JSON in its only argument. */
export type Command = z.output<typeof command>

const generated = z.object({
  /** In the order of their answers. */
  sent: z.array(z.object({ orderId: z.string(), plannedAtMs: z.number(), answeredAtMs: z.number() })),
  /** What kept requests from an answer, each with how often. */
  failed: z.array(z.string()),
  /** Processor time of the generator from its first order to its last answer. */
  cpuSeconds: z.number(),
})

/** What it writes when it has ended, as JSON in one line. */
export type Generated = z.output<typeof generated>

/** @throws with every part that is wrong: no number where there must be one, or another machine's URL */
export function parseCommand(value: unknown): Command {
  const result = command.safeParse(value)
  if (!result.success) throw new Error(`This is no load to send:\n${z.prettifyError(result.error)}`)
  return result.data
}

export function parseGenerated(line: string): Generated {
  return generated.parse(JSON.parse(line))
}

/** A load sent to somebody else's machine is an attack. */
function isLoopback(text: string): boolean {
  const { protocol, hostname } = new URL(text)
  return protocol === 'http:' && (/^127(\.\d+){3}$/.test(hostname) || ['[::1]', 'localhost'].includes(hostname))
}
