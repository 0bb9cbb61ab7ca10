import type { Entry, GatewayError, Intent, Refund } from './state.ts'

/** What an operation made of an intent. A declined card both changes it and is an error. */
export interface Outcome {
  readonly did: Entry['did']
  readonly intent: Intent
  readonly refund?: Refund
  readonly error?: GatewayError
}

export interface Clock {
  /** Unix seconds. */
  readonly now: number
  readonly holdSeconds: number
  /** When a refund that is made now and takes its time comes to its end: unix milliseconds. */
  readonly refundSettlesAtMs: number
}

export const refused = (intent: Intent, error: GatewayError): Outcome => ({ did: 'refused', intent, error })
