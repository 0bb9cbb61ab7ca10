import { good } from './color.ts'

/** What has been started, as far as the last line of a command tells it. */
export interface Started {
  readonly processes: number
  readonly ms: number
  /** Lines that say that something runs with other settings than it was given. */
  readonly warnings: number
}

/** `5.6 s`, and `6 s` for what is whole. */
export const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`

/** The one line that says that all is well, and `rest` what else has gone well. A warning above it is not passed over. */
export function allIsWell({ processes, ms, warnings }: Started, ...rest: readonly string[]): string {
  const noun = processes === 1 ? 'process' : 'processes'
  const facts = [`${processes} ${noun} ready after ${(ms / 1_000).toFixed(1)} s`, ...rest].join(', ')
  if (warnings === 0) return `${good('All is well')}: ${facts}.`
  return `Everything runs, with ${warnings} ${warnings === 1 ? 'warning' : 'warnings'} above: ${facts}.`
}
