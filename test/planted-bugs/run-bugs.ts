import type { PlantedBug } from './planted-bug.ts'

const file = 'test/infra/runs.test.ts'

/** Mistakes in what ends with what. */
export const runBugs: readonly PlantedBug[] = [
  {
    name: 'a process is killed by its number alone',
    file: 'infra/runs/ending.ts',
    edits: [['(await isAlive(each)) ? [each.pid] : []', 'each.pid > 0 ? [each.pid] : []']],
    caughtBy: { file, test: 'kills no process that has the number of one of its own' },
  },
  {
    name: 'children that do not show their environment are forgotten',
    file: 'infra/runs/ending.ts',
    edits: [['(await families(living)).filter', 'found.filter']],
    caughtBy: { file, test: 'leaves no process and no folder after' },
  },
  {
    name: 'a stack ends with the command that has started it',
    file: 'infra/runs/run.ts',
    edits: [["process.once('exit', () => release(guardian))", "process.once('exit', () => undefined)"]],
    caughtBy: { file, test: 'leaves it running when it is done' },
  },
]
