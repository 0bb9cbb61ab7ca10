import { execFile } from 'node:child_process'
import { dirname } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const timeoutMs = 5_000
const labels = '{{.Label "com.docker.compose.project"}}\t{{.Label "com.docker.compose.project.working_dir"}}'

export interface ComposeProject {
  readonly project: string
  /** The checkout that has started it. */
  readonly directory: string
  readonly containers: number
}

/** What runs in Docker under a name of ours, of any checkout; nothing where no engine answers in time. */
export async function composeProjects(): Promise<readonly ComposeProject[]> {
  const args = ['ps', '--filter', 'label=com.docker.compose.project', '--format', labels]
  const { stdout } = await run('docker', args, { timeout: timeoutMs }).catch(() => ({ stdout: '' }))
  const lines = stdout.split('\n').filter((line) => line.startsWith('paysaga-'))
  return [...Map.groupBy(lines, (line) => line)].map(([line, all]) => {
    const [project = '', folder = ''] = line.split('\t')
    // Compose works in infra/docker.
    return { project, directory: dirname(dirname(folder)), containers: all.length }
  })
}
