import { join } from 'node:path'
import { answers } from '../answers.ts'
import { type Command, type Daemon, daemonFiles } from '../process/daemon.ts'
import { profileProperties } from '../profile.ts'
import type { StackOptions } from '../stack.ts'
import { fetchJars } from './jars.ts'
import { javaCommand } from './java.ts'
import { formatOnce } from './kafka-format.ts'
import { writeProperties } from './properties.ts'
import { filesAsSettings } from './settings-files.ts'

/** Recovery after a kill reads every segment that was open, and logs a line for each. */
const stillMaxMs = 60_000
/** Measured: 170 MB of heap at 1,000 orders a second. */
const heapMb = 384

const settingsFiles = ['infra/kafka/server.properties', 'infra/kafka/log4j2.yaml']

/** One broker that is its own controller. */
export function kafkaDaemon(options: StackOptions): Daemon {
  const { kafka } = options.ports
  return {
    name: 'kafka',
    ...daemonFiles(options.directory, 'kafka'),
    port: kafka,
    stillMaxMs,
    endSignals: [{ signal: 'SIGTERM', stillMaxMs: 20_000 }],
    command: () => kafkaCommand(options),
    settings: async () => ({
      ...(await filesAsSettings(settingsFiles)),
      KAFKA_CONTROLLER_PORT: String(options.ports.kafkaController),
    }),
    answers: () => answers('kafka', options.ports),
  }
}

async function kafkaCommand({ directory, ports, profile }: StackOptions): Promise<Command> {
  const jars = await fetchJars()
  const dataDirectory = join(directory, 'kafka')
  const properties = join(directory, 'run', 'kafka.properties')
  const listener = `PLAINTEXT://127.0.0.1:${ports.kafka}`
  await writeProperties(properties, new URL('../kafka/server.properties', import.meta.url), {
    listeners: `${listener},CONTROLLER://127.0.0.1:${ports.kafkaController}`,
    'advertised.listeners': listener,
    'controller.quorum.voters': `1@127.0.0.1:${ports.kafkaController}`,
    'log.dirs': dataDirectory,
    ...profileProperties[profile].kafka,
  })
  await formatOnce(jars, dataDirectory, properties)
  const args = [properties]
  return await javaCommand(jars, {
    mainClass: 'kafka.Kafka',
    args,
    heapMb,
    profile,
    workingDirectory: directory,
    archive: 'kafka',
  })
}
