import type { Run } from '../system.ts'

/** What a part has found. */
export interface Findings {
  /** For people: a heading and its table, ready to be printed. */
  readonly text: string
  /** Every run behind it; empty where nothing was loaded. */
  readonly runs: readonly Run[]
  /** Single figures, by name with the unit in it. */
  readonly figures: Readonly<Record<string, number>>
  /** SVG by file name, without ending. */
  readonly plots: Readonly<Record<string, string>>
}

/** How much a part is to do. */
export interface Effort {
  /** Orders are made from it. */
  readonly seed: number
  /** Of the usual durations. */
  readonly scale: number
  /** So often is everything measured that is compared, in turns. */
  readonly rounds: number
  readonly say: Say
}

export type Say = (text: string) => void

/** A part of the bench fails when a run of it is void: its numbers would be about something that did not work. */
export class VoidRun extends Error {
  override readonly name = 'VoidRun'
  constructor({ system, load, faults }: Run) {
    super(`${system} under ${load.kind} ${load.intensity}: ${faults.join('; ')}`)
  }
}
