import type { EventOf } from '#contracts'
import { alarm, type Decision, duplicate, type Input, notYet } from '#messaging'

/** What a customer got for one order. */
export interface Points {
  readonly orderId: string
  readonly points: number
}

export interface LoyaltyVocabulary {
  readonly state: Points
  readonly heard: EventOf<'OrderPlaced' | 'OrderPaid'>
  readonly said: never
  readonly command: never
  readonly effect: never
  readonly outcome: never
}

/** One point for each hundred minor units that were paid, whatever the currency. */
const minorPerPoint = 100n

export function decidePoints(state: Points | undefined, input: Input<LoyaltyVocabulary>): Decision<LoyaltyVocabulary> {
  switch (input.type) {
    case 'OrderPlaced':
      return state === undefined ? applied({ orderId: input.orderId, points: 0 }) : duplicate
    case 'OrderPaid':
      return state === undefined ? notYet : applied({ ...state, points: Number(input.capturedMinor / minorPerPoint) })
    case 'DeadlineReached':
      return alarm
  }
}

const applied = (state: Points): Decision<LoyaltyVocabulary> => ({ is: 'applied', state, events: [], effects: [] })
