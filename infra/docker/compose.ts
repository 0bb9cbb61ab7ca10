import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { machineEnvironment } from '../config.ts'
import type { Component, Problem, StackOptions } from '../stack.ts'
import { engineEnvironment } from './engine.ts'
import { composeFile, composeVariables, projectName } from './project.ts'

const run = promisify(execFile)
const timeoutMs = 60_000

/** Has Compose make and start a container of compose.yaml, and nothing that it depends on. Throws with Compose's words. */
export async function launchWithCompose(component: Component, options: StackOptions): Promise<void> {
  const project = ['compose', '--project-name', projectName(options.directory), '--file', composeFile]
  await run('docker', [...project, 'up', '--detach', '--no-deps', '--quiet-pull', component], {
    env: { ...machineEnvironment(), ...(await engineEnvironment()), ...composeVariables(options) },
    timeout: timeoutMs,
  })
}

export async function composeProblems(): Promise<readonly Problem[]> {
  try {
    await run('docker', ['compose', 'version'], { env: machineEnvironment(), timeout: timeoutMs })
    return []
  } catch {
    return [
      {
        what: 'docker compose does not run',
        fix: 'install the Compose plugin, version 2.24.4 or later: docs.docker.com/compose/install',
      },
    ]
  }
}
