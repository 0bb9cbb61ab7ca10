import { notificationParticipant } from '../../apps/notification/saga.ts'
import { orderParticipant } from '../../apps/order/saga.ts'
import { paymentParticipant } from '../../apps/payment/saga.ts'
import { foldItem } from '../../apps/shared/messaging/decide/fold.ts'
import type { Build } from './world/simulated.ts'

const minuteMs = 60_000
const noCalls = () => Promise.reject(new Error('The simulation makes no calls'))

/** What the services run, with their defaults. */
export const build: Build = {
  order: orderParticipant({ payWithinMs: 15 * minuteMs, captureWithinMs: 24 * 60 * minuteMs }),
  payment: paymentParticipant(
    { authorise: noCalls, capture: noCalls, void: noCalls, refund: noCalls },
    { gatewayTimeoutMs: 8_000 },
  ),
  notification: notificationParticipant({
    attemptTimeoutMs: 30_000,
    send: noCalls,
    open: () => Promise.resolve(),
    close: () => undefined,
  }),
  foldItem,
  idempotencyKey: (key) => key,
  isFenced: true,
}
