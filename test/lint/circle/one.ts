// Never run. Two files that import each other, if only for a type; see ../floating-promises.ts for how this is a test.
// oxlint-disable-next-line import/no-cycle
import type { Other } from './other.ts'

export interface One {
  readonly other: Other
}
