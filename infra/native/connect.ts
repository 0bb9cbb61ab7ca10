import { join } from 'node:path'
import { answers } from '../answers.ts'
import { type Command, type Daemon, daemonFiles } from '../process/daemon.ts'
import { profileProperties } from '../profile.ts'
import type { StackOptions } from '../stack.ts'
import { fetchJars } from './jars.ts'
import { javaCommand } from './java.ts'
import { writeProperties } from './properties.ts'
import { filesAsSettings } from './settings-files.ts'

/** A worker whose predecessor was killed waits out its session time-out first, which is 6 s. */
const stillMaxMs = 60_000
const heapMb = 512

const settingsFiles = ['infra/connect/worker.properties', 'infra/kafka/log4j2.yaml']

/** One distributed Connect worker with Debezium as its only plugin. */
export function connectDaemon(options: StackOptions): Daemon {
  const { connect } = options.ports
  return {
    name: 'connect',
    ...daemonFiles(options.directory, 'connect'),
    port: connect,
    stillMaxMs,
    // It takes 2 s. One that hangs is killed, which costs nothing: what was not confirmed is sent again.
    endSignals: [{ signal: 'SIGTERM', stillMaxMs: 10_000 }],
    command: () => connectCommand(options),
    settings: () => filesAsSettings(settingsFiles),
    answers: () => answers('connect', options.ports),
  }
}

async function connectCommand({ directory, ports, profile }: StackOptions): Promise<Command> {
  const jars = await fetchJars()
  const properties = join(directory, 'run', 'connect.properties')
  await writeProperties(properties, new URL('../connect/worker.properties', import.meta.url), {
    'bootstrap.servers': `127.0.0.1:${ports.kafka}`,
    listeners: `http://127.0.0.1:${ports.connect}`,
    'rest.advertised.host.name': '127.0.0.1',
    'rest.advertised.port': ports.connect,
    'plugin.path': jars.plugins,
    ...profileProperties[profile].connect,
  })
  const args = [properties]
  const mainClass = 'org.apache.kafka.connect.cli.ConnectDistributed'
  return await javaCommand(jars, { mainClass, args, heapMb, profile, workingDirectory: directory, archive: 'connect' })
}
