import { hash } from 'node:crypto'
import { z } from '@hono/zod-openapi'
import { eventTypes } from '../engine/state.ts'
import { misdeed, type RequestMisdeed, requestMisdeedOf, type WebhookMisdeed, webhookMisdeedOf } from './misdeeds.ts'

export const faultOperations = ['create', 'confirm', 'capture', 'cancel', 'refund', 'retrieve'] as const

/** What goes wrong on purpose. */
export const fault = z
  .strictObject({
    match: z
      .strictObject({
        operation: z
          .enum(faultOperations)
          .optional()
          .meta({ description: 'retrieve: any look-up. For a webhook: what caused it' }),
        orderId: z.string().optional().meta({ description: "metadata.orderId of the request's intent" }),
        amount: z.int().positive().optional().meta({ description: 'of the intent, for who cannot know the order yet' }),
        event: z.enum(eventTypes).optional().meta({ description: 'of a webhook' }),
      })
      .meta({ description: 'Every member that is given must fit' }),
    rate: z
      .number()
      .gt(0)
      .max(1)
      .optional()
      .meta({ description: 'Of what fits, so much is struck. All, unless given' }),
    times: z.int().min(1).optional().meta({ description: 'So often, then no more. Always, unless given' }),
    do: misdeed,
  })
  .refine(({ match, do: deed }) => match.event === undefined || 'webhook' in deed, {
    path: ['match', 'event'],
    error: 'is of a webhook, and so must be what is done',
  })

export type Fault = Readonly<z.output<typeof fault>>
export type { Misdeed } from './misdeeds.ts'

/** A request, or a webhook by the request that caused it, as faults see it. */
export interface Sighted {
  /** Undefined for what happened by itself. */
  readonly operation: Fault['match']['operation']
  readonly orderId: string | undefined
  readonly amount: number | undefined
  readonly event?: Fault['match']['event']
}

/** In memory: a simulator that starts again behaves. What really happened stands in the record, whatever was answered. */
export interface Faults {
  /** The same seed has the same requests in the same order struck by the same rates. */
  replace(faults: readonly Fault[], seed?: number): void
  /** Behind those that are there. */
  add(fault: Fault): void
  /** With how often each has struck. */
  list(): readonly (Fault & { readonly struck: number })[]
  /** What is to be done to this request: that of the first fault that fits, is not used up and has its turn. Counts. */
  strike(sighted: Sighted): RequestMisdeed | undefined
  /** The same for a webhook. */
  strikeWebhook(sighted: Sighted): WebhookMisdeed | undefined
}

interface Armed {
  readonly fault: Fault
  struck: number
}

export function createFaults(): Faults {
  let current: Armed[] = []
  let chance: () => number = Math.random

  function first<Deed>({ sighted, deedOf }: { sighted: Sighted; deedOf: (deed: Fault['do']) => Deed | undefined }) {
    for (const each of current) {
      const deed = deedOf(each.fault.do)
      if (deed === undefined || !strikes(each, sighted, chance)) continue
      each.struck += 1
      return deed
    }
    return undefined
  }

  return {
    replace: (faults, seed) => {
      current = faults.map((each) => ({ fault: each, struck: 0 }))
      chance = seed === undefined ? Math.random : seeded(seed)
    },
    add: (each) => void current.push({ fault: each, struck: 0 }),
    list: () => current.map((each) => ({ ...each.fault, struck: each.struck })),
    strike: (sighted) => first({ sighted, deedOf: requestMisdeedOf }),
    strikeWebhook: (sighted) => first({ sighted, deedOf: webhookMisdeedOf }),
  }
}

function strikes(
  { fault: { match, times = Infinity, rate = 1 }, struck }: Armed,
  sighted: Sighted,
  chance: () => number,
) {
  return fits(match, sighted) && struck < times && (rate === 1 || chance() < rate)
}

function fits({ operation, orderId, amount, event }: Fault['match'], sighted: Sighted): boolean {
  return (
    (operation === undefined || operation === sighted.operation) &&
    (orderId === undefined || orderId === sighted.orderId) &&
    (amount === undefined || amount === sighted.amount) &&
    (event === undefined || event === sighted.event)
  )
}

/** Even from 0 to 1, and the same for the same seed. */
function seeded(seed: number): () => number {
  let drawn = 0
  return () => {
    drawn += 1
    return hash('sha256', `${seed}/${drawn}`, 'buffer').readUInt32BE(0) / 2 ** 32
  }
}
