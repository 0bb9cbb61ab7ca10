import { z } from '@hono/zod-openapi'
import { cancellationReasons, errorSchema } from './state.ts'

export const faultOperations = ['create', 'confirm', 'capture', 'cancel', 'refund', 'retrieve'] as const

const delayMaxMs = 60_000
/** On either side of the deed: nothing was done and nobody says so, or it was done and nobody says so. */
const side = z.enum(['before', 'after'])

const misdeed = z.union([
  z.strictObject({ delayMs: z.int().min(1).max(delayMaxMs) }).meta({ description: 'Performs it only then' }),
  z
    .strictObject({
      answer: z.strictObject({
        ...errorSchema.pick({ status: true, type: true, code: true, declineCode: true }).shape,
        message: z.string().default('This answer was asked for.'),
      }),
    })
    .meta({ description: 'Answers so and performs nothing; nothing is remembered under the key' }),
  z.strictObject({ hangUp: side }).meta({ description: 'Closes the connection instead of answering' }),
  z.strictObject({ status: z.literal(500), when: side }).meta({ description: 'Answers 500' }),
  z
    .strictObject({ cancelIntent: z.enum([...cancellationReasons, 'expired']) })
    .meta({ description: 'Cancels the intent first, on record, as its issuer or somebody at the dashboard would' }),
])

/** What goes wrong on purpose. */
export const fault = z.strictObject({
  match: z
    .strictObject({
      operation: z.enum(faultOperations).meta({ description: 'retrieve: any look-up of an intent or its refunds' }),
      orderId: z.string().optional().meta({ description: "metadata.orderId of the request's intent" }),
      amount: z.int().positive().optional().meta({ description: 'of the intent, for who cannot know the order yet' }),
    })
    .meta({ description: 'Every member that is given must fit' }),
  times: z.int().min(1).optional().meta({ description: 'So often, then no more. Always, unless given' }),
  do: misdeed,
})

export type Fault = Readonly<z.output<typeof fault>>
export type Misdeed = Fault['do']

/** A request as faults see it. */
export interface Sighted {
  readonly operation: Fault['match']['operation']
  readonly orderId: string | undefined
  readonly amount: number | undefined
}

/** In memory: a simulator that starts again behaves. What really happened stands in the record, whatever was answered. */
export interface Faults {
  replace(faults: readonly Fault[]): void
  /** With how often each has struck. */
  list(): readonly (Fault & { readonly struck: number })[]
  /** What is to be done to this request: that of the first fault that fits and is not used up. Counts. */
  strike(sighted: Sighted): Misdeed | undefined
}

export function createFaults(): Faults {
  let current: { readonly fault: Fault; struck: number }[] = []
  return {
    replace: (faults) => {
      current = faults.map((each) => ({ fault: each, struck: 0 }))
    },
    list: () => current.map((each) => ({ ...each.fault, struck: each.struck })),
    strike: (sighted) => {
      const next = current.find(
        (each) => fits(each.fault.match, sighted) && each.struck < (each.fault.times ?? Infinity),
      )
      if (next === undefined) return undefined
      next.struck += 1
      return next.fault.do
    },
  }
}

function fits({ operation, orderId, amount }: Fault['match'], sighted: Sighted): boolean {
  return (
    operation === sighted.operation &&
    (orderId === undefined || orderId === sighted.orderId) &&
    (amount === undefined || amount === sighted.amount)
  )
}
