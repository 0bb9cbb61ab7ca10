import { z } from '@hono/zod-openapi'
import { cancellationReasons, errorSchema } from '../engine/state.ts'

const delayMaxMs = 60_000
const dayMs = 24 * 60 * 60 * 1000
/** On either side of the deed: nothing was done and nobody says so, or it was done and nobody says so. */
const side = z.enum(['before', 'after'])

const ofRequest = z.union([
  z
    .strictObject({ delayMs: z.int().min(1).max(delayMaxMs), when: side.optional() })
    .meta({ description: 'Performs it only then; or performs it and answers only then, with `when: after`' }),
  z
    .strictObject({
      answer: z.strictObject({
        ...errorSchema.pick({ status: true, type: true, code: true, declineCode: true }).shape,
        message: z.string().default('This answer was asked for.'),
      }),
    })
    .meta({ description: 'Answers so and performs nothing; nothing is remembered under the key' }),
  z
    .strictObject({ hang: side })
    .meta({ description: 'Never answers, and keeps the connection until the client has had enough of it' }),
  z.strictObject({ hangUp: side }).meta({ description: 'Closes the connection instead of answering' }),
  z.strictObject({ reset: side }).meta({ description: 'Resets the connection instead of answering' }),
  z
    .strictObject({ status: z.literal(500), when: side, replayed: z.boolean().optional() })
    .meta({ description: 'Answers 500; with `replayed` to the same key ever after, as Stripe does' }),
  z
    .strictObject({ cancelIntent: z.enum([...cancellationReasons, 'expired']) })
    .meta({ description: 'Cancels the intent first, on record, as its issuer or somebody at the dashboard would' }),
])

/** Together where more than one is asked for. All but `lost` are of the first attempt: what is refused comes properly. */
const ofWebhook = z.strictObject({
  webhook: z
    .strictObject({
      copies: z.int().min(1).max(100).optional().meta({ description: 'Delivers it so many times more' }),
      delayMs: z
        .int()
        .min(1)
        .max(7 * dayMs)
        .optional()
        .meta({ description: 'Delivers it so much later, freshly signed' }),
      afterNext: z.literal(true).optional().meta({ description: "Delivers it behind the intent's next event" }),
      beforeAnswer: z
        .literal(true)
        .optional()
        .meta({ description: 'Delivers it before the request that caused it is answered' }),
      staleMs: z
        .int()
        .min(1_000)
        .max(30 * dayMs)
        .optional()
        .meta({ description: 'Signs it with a time so long ago, as one that was recorded and is played again' }),
      forged: z.literal(true).optional().meta({ description: 'Signs it with a secret that is not the right one' }),
      amountOffBy: z
        .int()
        .refine((amount) => amount !== 0)
        .optional()
        .meta({ description: 'Adds so much to every amount that it tells; the signature is right' }),
      lost: z.literal(true).optional().meta({ description: 'Never delivers it' }),
    })
    .refine((members) => Object.keys(members).length > 0, { error: 'says nothing' }),
})

export const misdeed = z.union([...ofRequest.options, ofWebhook])

export type Misdeed = z.output<typeof misdeed>
export type RequestMisdeed = z.output<typeof ofRequest>
export type WebhookMisdeed = z.output<typeof ofWebhook>['webhook']

export const webhookMisdeedOf = (deed: Misdeed): WebhookMisdeed | undefined =>
  'webhook' in deed ? deed.webhook : undefined
export const requestMisdeedOf = (deed: Misdeed): RequestMisdeed | undefined => ('webhook' in deed ? undefined : deed)
