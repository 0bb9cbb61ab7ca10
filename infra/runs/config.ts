/** The only place where runs read and change the environment. */
const environment = process.env

/**
 * The marker: the ids of the runs that a process belongs to, outermost first, with a space between them. Children inherit
 * it, also those that outlive their parent, and so a run finds its processes again whatever became of those between.
 */
const runsVariable = 'PAYSAGA_RUN'
/** The record of a daemon, in the daemon's own environment: what a process is can be told without its checkout. */
const recordVariable = 'PAYSAGA_RECORD'

/** The runs that this process started within. Empty outside of all. */
export function surroundingRuns(): readonly string[] {
  return runsIn(environment[runsVariable])
}

/** Everything started from now on belongs to this run, and has its temporary folders in the run's own. */
export function enterRun(id: string, temporaryFolder: string | undefined): void {
  environment[runsVariable] = [...surroundingRuns(), id].join(' ')
  if (temporaryFolder !== undefined) environment['TMPDIR'] = temporaryFolder
}

/** What is started from now on does not belong to this run. */
export function leaveRun(id: string): void {
  environment[runsVariable] = surroundingRuns()
    .filter((other) => other !== id)
    .join(' ')
}

/** What a daemon is told, whatever else its environment is. */
export function daemonMarks(recordFile: string): Readonly<Record<string, string>> {
  return { [runsVariable]: surroundingRuns().join(' '), [recordVariable]: recordFile }
}

/** The environment as this process inherited it. */
export function inheritedEnvironment(): NodeJS.ProcessEnv {
  return { ...environment }
}

export interface Marks {
  readonly runs: readonly string[]
  readonly recordFile: string | undefined
}

/** Reads `NAME=value` pairs as the system shows them: each ended by NUL (proc(5)), or with spaces between (ps). */
export function marksIn(text: string, separator: '\0' | ' '): Marks | undefined {
  const valueOf = (name: string): string | undefined => {
    const start = `${separator}${text}`.indexOf(`${separator}${name}=`)
    if (start < 0) return undefined
    const rest = text.slice(start + name.length + 1)
    // ps tells no end of a value but the next name.
    const end = separator === '\0' ? rest.indexOf('\0') : rest.search(/ [A-Za-z_][A-Za-z0-9_]*=/)
    return end < 0 ? rest.trimEnd() : rest.slice(0, end)
  }
  const [runs, recordFile] = [runsIn(valueOf(runsVariable)), valueOf(recordVariable)]
  return runs.length === 0 && recordFile === undefined ? undefined : { runs, recordFile }
}

function runsIn(text: string | undefined): readonly string[] {
  return (text ?? '').split(' ').filter((id) => id !== '')
}
