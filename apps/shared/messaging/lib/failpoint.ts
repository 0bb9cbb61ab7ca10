import { writeSync } from 'node:fs'

/** Moments at which a crash is told from a crash a moment earlier. A service may name some of its own. */
export type Failpoint =
  /** The aggregates are locked and nothing is written. */
  | 'decide.locked'
  /** States, history, outbox and effects are written and not committed. */
  | 'decide.written'
  /** It is committed; nobody is called or answered yet. */
  | 'decide.committed'
  | 'offsets.uncommitted'
  | 'offsets.committed'
  /** The effect is leased, and its call not begun. */
  | 'effect.leased'
  /** The other side has answered, and nobody here knows. */
  | 'effect.answered'
  /** Its row is deleted; what follows from its outcome is neither decided nor committed. */
  | 'effect.deleted'
  | (string & {})

let armed: { readonly name: string; passages: number } | undefined

/**
 * For tests of crashes: from now on this process kills itself with SIGKILL when it passes a failpoint.
 * @param spec `<name>`, or `<name>:<n>` for the n-th passage; undefined arms none
 */
export function armFailpoint(spec: string | undefined): void {
  const [name = '', passages = '1'] = spec?.split(':') ?? []
  armed = name === '' ? undefined : { name, passages: Number(passages) }
}

/** Costs a comparison where none is armed. */
export function failpoint(name: Failpoint): void {
  if (armed?.name !== name) return
  armed.passages -= 1
  if (armed.passages > 0) return
  // Not by the log, which may write later: this is what proves that it was reached.
  writeSync(2, `failpoint ${name} reached, the process kills itself\n`)
  process.kill(process.pid, 'SIGKILL')
}
