import { integersBetween } from './random.ts'

/** The body of `POST /orders`, as the order service takes it. */
export interface OrderBody {
  readonly customer: { readonly email: string; readonly name: string }
  readonly currency: string
  readonly items: readonly Item[]
  readonly paymentMethod: string
}

interface Item {
  readonly sku: string
  readonly quantity: number
  readonly unitPriceMinor: number
}

const customers = 1_000
const skus = 200
const maxItems = 3
const maxQuantity = 4
const minPriceMinor = 99
const maxPriceMinor = 19_999

/** The order with this number of this seed: always the same one, whichever is asked for first. Its card is accepted. */
export function orderOf(seed: number, number: number): OrderBody {
  const between = integersBetween(mixed(seed, number))
  const customer = between(1, customers)
  return {
    customer: { email: `customer-${customer}@example.com`, name: `Customer ${customer}` },
    currency: 'EUR',
    items: Array.from({ length: between(1, maxItems) }, () => ({
      sku: `sku-${between(1, skus)}`,
      quantity: between(1, maxQuantity),
      unitPriceMinor: between(minPriceMinor, maxPriceMinor),
    })),
    paymentMethod: 'pm_card_visa',
  }
}

/** Neighbouring numbers and seeds come to states far apart: the constants are odd and fill their 32 bits. */
function mixed(seed: number, number: number): number {
  return Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)
}
