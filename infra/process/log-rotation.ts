import { fileURLToPath } from 'node:url'
import { machineEnvironment } from '../config.ts'
import { type Daemon, daemonFiles, end, start } from './daemon.ts'

const script = fileURLToPath(new URL('./rotate-logs.sh', import.meta.url))
const stillMaxMs = 10_000
const endStillMaxMs = 5_000

export interface RotationLimits {
  /** A log may be longer by what is written between two looks. */
  readonly bytes: number
  readonly everySeconds: number
}

/** The size is that of a container's log: infra/docker/compose.yaml. */
const presets: RotationLimits = { bytes: 20 * 1024 * 1024, everySeconds: 30 }

/**
 * Looks after the logs of a state directory for as long as something that was started in it runs. To be called when
 * something has been started; where it runs already nothing happens.
 */
export async function startRotation(directory: string, limits: RotationLimits = presets): Promise<void> {
  await start(rotation(directory, limits))
}

export async function endRotation(directory: string): Promise<void> {
  await end(rotation(directory, presets))
}

/** On record like any other process of the stack, so that all that ends a stack ends it too. */
function rotation(directory: string, { bytes, everySeconds }: RotationLimits): Daemon {
  return {
    name: 'rotation',
    // What it says are failures alone: a full disk.
    ...daemonFiles(directory, 'rotation'),
    // It listens nowhere.
    port: 0,
    stillMaxMs,
    endSignals: [{ signal: 'SIGTERM', stillMaxMs: endStillMaxMs }],
    command: async () => ({
      file: '/bin/sh',
      args: [script, directory, String(bytes), String(everySeconds)],
      environment: machineEnvironment(),
      // A folder that is removed must not be held by it.
      workingDirectory: '/',
    }),
    answers: async () => true,
  }
}
