// oxlint-disable-next-line import/no-cycle
import type { One } from './one.ts'

export interface Other {
  readonly one: One
}
