/**
 * In milliseconds. What was made or changed since may be on its way here: the answer of a call, an event, a message. Longer
 * than any of them takes, shorter than anybody waits for a report.
 */
export const settleMs = 120_000

/** Eight days, in milliseconds: a hold stands for seven, and most refunds are made within them. */
const usualMs = 8 * 24 * 60 * 60 * 1_000

export interface Window {
  readonly since: Date
  readonly until: Date
}

/** What is compared when somebody asks for that. `until` is never later than what has had time to settle. */
export function windowOf({ since, until }: Partial<Window>, now: Date): Window {
  const settled = now.getTime() - settleMs
  const end = Math.min(until?.getTime() ?? settled, settled)
  return { since: since ?? new Date(end - usualMs), until: new Date(end) }
}
