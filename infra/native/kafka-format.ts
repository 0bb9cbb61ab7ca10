import { randomBytes, randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Jars } from './jars.ts'
import { runJava } from './java.ts'

const checkpoint = 'bootstrap.checkpoint'
const properties = 'meta.properties'

/**
 * Formats Kafka's data folder unless it is formatted. Kafka's own tool does it once for each version and takes a second;
 * what it writes beside the ids, the first records of the cluster, is the same for every folder and kept beside the jars.
 * meta.properties comes last, so a formatting that was interrupted is done again.
 */
export async function formatOnce(jars: Jars, dataDirectory: string, configuration: string): Promise<void> {
  if (existsSync(join(dataDirectory, properties))) return
  await rm(dataDirectory, { recursive: true, force: true })
  await mkdir(dataDirectory, { recursive: true })
  const kept = join(jars.directory, checkpoint)
  if (existsSync(kept)) {
    await copyFile(kept, join(dataDirectory, checkpoint))
    await writeAtOnce(join(dataDirectory, properties), metaProperties(newId(), newId()))
    return
  }
  await runJava(jars, 'kafka.tools.StorageTool', ['format', '--cluster-id', newId(), '--config', configuration])
  await keep(join(dataDirectory, checkpoint), kept)
}

/** As the tool writes it for the one broker of this stack. */
function metaProperties(clusterId: string, directoryId: string): string {
  return `cluster.id=${clusterId}\ndirectory.id=${directoryId}\nnode.id=1\nversion=1\n`
}

/** As Kafka makes them, 16 bytes in base64, and like Kafka none that begins with a dash: the tool would take it for an option. */
function newId(): string {
  const bytes = randomBytes(16)
  bytes[0] = randomInt(64)
  return bytes.toString('base64url')
}

async function keep(file: string, kept: string): Promise<void> {
  const aside = `${kept}.${process.pid}`
  await copyFile(file, aside)
  await rename(aside, kept)
}

async function writeAtOnce(file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content)
  await rename(`${file}.new`, file)
}
