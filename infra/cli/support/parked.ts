import { z } from 'zod'
import type { Participant } from './arguments/redrive-request.ts'
import { askAsOperator } from './ask.ts'
import type { Local } from './stack/local.ts'

const parked = z.object({
  groups: z.array(z.object({ state: z.string(), cause: z.string(), type: z.string(), keys: z.int() })),
  keys: z.array(
    z.object({
      key: z.string(),
      state: z.string(),
      cause: z.string(),
      attempts: z.int(),
      messages: z.int(),
      error: z.string(),
      first: z.object({ version: z.int(), type: z.string() }),
    }),
  ),
})
export type Parked = z.infer<typeof parked>

export interface ParkedQuestion {
  readonly service: Participant
  readonly filter?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

/** What a service has set aside: all of it in groups, the oldest hundred by key. */
export async function parkedAt(local: Local, { filter = {}, ...question }: ParkedQuestion): Promise<Parked> {
  const path = `/ops/parked?${new URLSearchParams(filter).toString()}`
  return parked.parse(await askAsOperator(local, { ...question, path }))
}
