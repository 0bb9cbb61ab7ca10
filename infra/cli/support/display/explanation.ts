import type { ServiceName } from '../../../services.ts'
import { seconds } from './verdict.ts'

/** What a person needs to know to read the lines of the orders. */
export const goodOrder = (count: number): readonly string[] => [
  `${count} orders placed at once, and what the services said about each. A good one is paid:`,
  'OrderPlaced → PaymentAuthorized → OrderConfirmed → PaymentCaptured → OrderPaid, and NotificationSent,',
  'with the milliseconds since it was placed.',
]

/** Why an order that meets a crash takes seconds and not milliseconds. */
export const crashAhead = (service: ServiceName, sessionTimeoutMs: number): readonly string[] => [
  `One more order, and the ${service} service is killed before it has answered. A killed process does not leave its`,
  `consumer group: Kafka waits until it has been silent for ${seconds(sessionTimeoutMs)} (KAFKA_SESSION_TIMEOUT_MS), and only then`,
  'gives its partitions to the new process. That is what this order waits for.',
]
