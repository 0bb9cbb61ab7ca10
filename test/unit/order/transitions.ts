import { commandsAndDeadlines } from './commands.ts'
import { holdsAndCaptures } from './holds-and-captures.ts'
import { refundsAndReviews } from './refunds-and-reviews.ts'
import type { OrderInput, Rows } from './table.ts'

/** The order's table of the saga, whole. */
export const transitions: Rows<OrderInput['type']> = {
  ...commandsAndDeadlines,
  ...holdsAndCaptures,
  ...refundsAndReviews,
}
