import type { Input } from '#messaging'
import type { OrderVocabulary } from '../../../apps/order/vocabulary.ts'
import type { Given } from './orders.ts'

export type OrderInput = Input<OrderVocabulary>

/**
 * One row of the saga's table: `→S [events]`, `·` late, `=` the same answer, `alarm`, `refused why`. Written by hand
 * from the saga and never from the code. The compiler wants an answer for each state and rows for each input.
 */
export interface Row<Type extends OrderInput['type']> {
  readonly input: Extract<OrderInput, { type: Type }>
  readonly at?: Date
  readonly answers: Readonly<Record<Given, string>>
}

export type Rows<Type extends OrderInput['type']> = { readonly [T in Type]: readonly Row<T>[] }

export const cancelledBy = (reason: string) => `→X [OrderCancelled ${reason}]`
/** From the confirmation on, until a cancellation. */
export const everywhere = (answer: string) => ({ confirmed: answer, paid: answer, refunded: answer })
export const cancelledAlways = (answer: string) => ({ X: answer, 'X taken': answer, Z: answer, 'Z returned': answer })
