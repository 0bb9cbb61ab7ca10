import type { GatewayList } from '../gateway/gateway-list.ts'
import type { LearningOptions } from '../learn.ts'

export interface ReconciliationOptions extends LearningOptions {
  readonly list: GatewayList
}
