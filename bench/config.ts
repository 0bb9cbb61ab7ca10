import { z } from 'zod'

export const partNames = ['footprint', 'comparison', 'over-http', 'catch-up', 'costs', 'growth', 'rows'] as const
export type PartName = (typeof partNames)[number]

const variables = z.object({
  /** Parts by name, with commas; all unless given. */
  ONLY: z
    .string()
    .default('')
    .transform((text) => (text === '' ? [...partNames] : text.split(',')))
    .pipe(z.array(z.enum(partNames)))
    .transform((chosen) => partNames.filter((name) => chosen.includes(name))),
  /** In the outbox, for the last part. */
  ROWS: z
    .string()
    .default('')
    .transform((text) => (text === '' ? 1_000_000 : Number(text)))
    .pipe(z.int().min(1_000)),
  /** Of the usual durations. Below 1 everything runs once: to see that it works, not to believe its numbers. */
  SCALE: z
    .string()
    .default('')
    .transform((text) => (text === '' ? 1 : Number(text)))
    .pipe(z.number().min(0.05).max(10)),
  /** Orders are made from it. */
  SEED: z
    .string()
    .default('')
    .transform((text) => (text === '' ? 1 : Number(text)))
    .pipe(z.int().min(0)),
})

export type BenchConfig = z.output<typeof variables>

/** @throws Error that names every variable that is wrong */
export function readBenchConfig(): BenchConfig {
  const result = variables.safeParse(process.env)
  if (!result.success) throw new Error(`The environment is wrong:\n${z.prettifyError(result.error)}`)
  return result.data
}
