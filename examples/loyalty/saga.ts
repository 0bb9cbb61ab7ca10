import { formatJson, on, ownJson } from '#contracts'
import type { Participant } from '#messaging'
import { decidePoints, type LoyaltyVocabulary } from './points.ts'
import { points } from './store.ts'

/** Loyalty's part: it hears that an order was placed and paid, decides on points, says nothing and calls nobody. */
export const loyaltyParticipant: Participant<LoyaltyVocabulary> = {
  name: 'loyalty-service',
  stream: 'loyalty',
  // The first event of an order has to be among them: its row remembers the position.
  listensTo: on('order', 'OrderPlaced', 'OrderPaid'),
  decide: decidePoints,
  store: points,
  encode: formatJson,
  effects: {},
  codec: ownJson,
}
