import type { GatewayCall } from '../../../apps/payment/vocabulary.ts'

/** What a call is about, as the outcomes name it that say nothing of the money. */
export function attemptOf(call: GatewayCall) {
  switch (call.type) {
    case 'Authorise':
      return { operation: 'authorise' } as const
    case 'Capture':
      return { operation: 'capture' } as const
    case 'Void':
      return { operation: 'void' } as const
    case 'Refund':
      return { operation: 'refund', refundId: call.refundId } as const
  }
}
