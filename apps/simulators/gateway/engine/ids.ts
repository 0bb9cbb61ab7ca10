import { randomUUID } from 'node:crypto'

/** As Stripe's: what it is, and something that nobody can guess. */
export const newId = (prefix: 'pi' | 'ch' | 're' | 'req' | 'evt'): string =>
  `${prefix}_${randomUUID().replaceAll('-', '')}`
