import type { PlantedBug } from './planted-bug.ts'

const saga = 'test/saga/commands/commands.test.ts'

export const commandBugs: readonly PlantedBug[] = [
  {
    name: 'whatever answers on the port is taken for the stack of this checkout',
    file: 'infra/cli/support/stack/ours.ts',
    edits: [['  if (strangers.length > 0) throw notOurs(local, strangers)\n', '']],
    caughtBy: { file: saga, test: 'asks and changes nothing of the first' },
  },
  {
    name: 'a paused part is talked to, and never answers',
    file: 'infra/cli/support/stack/ours.ts',
    edits: [["state: found.paused ? 'paused' : 'running', id: `process", "state: 'running', id: `process"]],
    caughtBy: { file: saga, test: 'is not kept waiting by a part that is paused' },
  },
  {
    name: 'all is well while a task has failed and its connector says RUNNING',
    file: 'infra/cli/support/status/issues.ts',
    edits: [['tasks.filter((task) => task.state !== running)', 'tasks.filter(() => false)']],
    caughtBy: { file: 'test/unit/cli/status.test.ts', test: 'is not well: ' },
  },
  {
    name: 'what cannot be read is taken for nothing there',
    file: 'infra/cli/support/status/issues.ts',
    edits: [
      [
        'const failed = unread === undefined ? [] : [`${what} cannot be read: ${unread}`]',
        'const failed: string[] = []',
      ],
    ],
    caughtBy: { file: 'test/unit/cli/status.test.ts', test: 'is not well: ' },
  },
  {
    name: 'every look has a connection of its own',
    file: 'infra/cli/support/order/database.ts',
    edits: [['    max: 1,\n', '    max: 4,\n']],
    caughtBy: { file: saga, test: 'reads through one connection' },
  },
  {
    name: 'the record of a process has the values of its settings',
    file: 'infra/process/settings-digest.ts',
    edits: [["createHmac('sha256', salt).update(value).digest('base64url')", 'value']],
    caughtBy: { file: 'test/unit/infra/settings-digest.test.ts', test: 'is kept without a value' },
  },
  {
    name: 'a consumer that was interrupted leaves its group',
    file: 'infra/cli/consume.ts',
    edits: [['    await removeGroup(kafka, groupId)\n', '']],
    caughtBy: { file: saga, test: 'without a consumer group left behind' },
  },
]
