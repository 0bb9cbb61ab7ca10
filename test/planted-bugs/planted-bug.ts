/** A mistake that somebody could make, and the test that must notice it. */
export interface PlantedBug {
  readonly name: string
  readonly file: string
  /** Each text stands in the file exactly once. */
  readonly edits: readonly (readonly [from: string, to: string])[]
  readonly caughtBy: { readonly file: string; readonly test: string }
}
