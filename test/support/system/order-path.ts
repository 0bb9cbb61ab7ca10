import type { Order } from '../../../apps/order/vocabulary.ts'

/**
 * Where an order may be later, also when looks in between missed a step. A refund that the bank reverses leads back, and
 * nothing here reverses one.
 */
export const later: Readonly<Record<Order['status'], readonly Order['status'][]>> = {
  pending: ['confirmed', 'paid', 'refunded', 'cancelled'],
  confirmed: ['paid', 'refunded', 'cancelled'],
  paid: ['refunded', 'cancelled'],
  refunded: [],
  cancelled: [],
}
