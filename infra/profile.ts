import type { Profile } from './stack.ts'

type Properties = Readonly<Record<string, string | number>>

/** What a profile adds to the shared properties files. Compose knows none: it is how people run, and not how tests do. */
export const profileProperties: Readonly<
  Record<Profile, { readonly kafka: Properties; readonly connect: Properties }>
> = {
  production: { kafka: {}, connect: {} },
  test: {
    kafka: { 'group.min.session.timeout.ms': 1_000 },
    connect: { 'session.timeout.ms': 2_000, 'heartbeat.interval.ms': 500 },
  },
}
