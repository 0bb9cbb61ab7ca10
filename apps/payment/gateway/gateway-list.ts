import type { AtGateway } from '../reconciliation/comparison.ts'

/** The port to the gateway's own list of payment intents. Reads and changes nothing; throws as look-ups do. */
export interface GatewayList {
  page(wanted: WantedPage): Promise<IntentPage>
}

export interface WantedPage {
  /** Made then or later, in whole seconds. */
  readonly since: Date
  /** Made before, in whole seconds. */
  readonly until: Date
  /** The last intent of the page before. */
  readonly after: string | null
}

export interface IntentPage {
  readonly intents: readonly AtGateway[]
  readonly hasMore: boolean
}
