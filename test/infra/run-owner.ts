import { spawn } from 'node:child_process'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { start } from '../../infra/process/daemon.ts'
import { beginKeepingRun, beginRun } from '../../infra/runs/run.ts'
import { exampleDaemon } from './example-daemon.ts'

// The owner of a run, for runs.test.ts: starts things that would outlive it, says so, and waits for its end.

const [, , kind = '', directory = '', port = '0'] = process.argv

/** Detached, with a child that inherits the environment and one that does not. @returns their numbers */
async function startOutliving(): Promise<readonly number[]> {
  const command = 'sleep 300 & echo $!; env -i sleep 300 & echo $!; wait'
  const { stdout, pid = 0 } = spawn('/bin/sh', ['-c', command], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  const pids = [pid]
  for await (const line of createInterface({ input: stdout })) if (pids.push(Number(line)) === 3) break
  return pids
}

switch (kind) {
  case 'discarding':
  case 'done': {
    const { id } = beginRun({ name: 'test' })
    const folder = await mkdtemp(join(tmpdir(), 'left-'))
    await writeFile(join(folder, 'file'), 'x')
    const pids = await startOutliving()
    process.stdout.write(`${JSON.stringify({ id, folder: tmpdir(), pids })}\n`)
    break
  }
  case 'keeping':
  case 'kept': {
    const { id } = beginKeepingRun('up', { stack: { directory }, provider: 'native' })
    await start(exampleDaemon({ directory, name: `example-${port}`, port: Number(port) }))
    process.stdout.write(`${JSON.stringify({ id, folder: directory, pids: [] })}\n`)
    break
  }
  default:
    throw new Error(`no such owner: ${kind}`)
}

if (kind === 'discarding' || kind === 'keeping') setInterval(() => undefined, 60_000)
else process.exit(0)
