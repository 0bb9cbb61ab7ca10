import { createHash } from 'node:crypto'
import { copyFile, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, delimiter, dirname, join } from 'node:path'
import { machineEnvironment } from '../config.ts'
import type { Jars } from './jars.ts'

/** Which class archive: its component, where a JVM writes it, and which Java that is. */
export interface ClassArchive {
  readonly component: string
  readonly workingDirectory: string
  /** A path, or a name to be looked up like a command. */
  readonly java: string
}

/**
 * Class data sharing: a JVM that maps the classes an earlier one has loaded needs half of the processor time for its start
 * (measured: broker 3.1 s instead of 6.4, worker 2.9 s instead of 6.1). The first run of each component writes its archive
 * while it exits, which takes 2 s, and `keepArchive` then puts it beside the jars it belongs to.
 */
export async function archiveFlags(jars: Jars, archive: ClassArchive): Promise<readonly string[]> {
  const silent = ['-Xlog:cds=off', '-Xlog:cds+dynamic=off']
  const kept = await archiveFile(jars, archive)
  const exists = (await modified(kept)) > 0
  return [exists ? `-XX:SharedArchiveFile=${kept}` : `-XX:ArchiveClassesAtExit=${archive.component}.jsa`, ...silent]
}

/** To be called after a run that ended cleanly: its archive serves all later ones, in place of one that fits no more. */
export async function keepArchive(jars: Jars, archive: ClassArchive): Promise<void> {
  const written = join(archive.workingDirectory, `${archive.component}.jsa`)
  if ((await modified(written)) === 0 || (await modified(jars.directory)) === 0) return
  const kept = await archiveFile(jars, archive)
  const aside = `${kept}.${process.pid}`
  await copyFile(written, aside)
  await rename(aside, kept)
  await rm(written, { force: true })
  const others = (await readdir(jars.directory)).filter(
    (name) => isArchiveOf(archive.component, name) && name !== basename(kept),
  )
  for (const name of others) await rm(join(jars.directory, name), { force: true })
}

const isArchiveOf = (component: string, name: string): boolean => name.startsWith(component) && name.endsWith('.jsa')

/**
 * A JVM ignores in silence an archive that another Java has written, or whose jars were elsewhere or older: a checkout that
 * was copied, or a machine whose Java was updated, would start at half the speed from then on. So all of that is in the
 * name, and the next clean end writes an archive that fits.
 */
async function archiveFile(jars: Jars, { component, java }: ClassArchive): Promise<string> {
  const file = await found(java)
  // The runtime is in here, and as new as its package; bin/java beside it is only a launcher.
  const runtime = join(dirname(dirname(file)), 'lib', 'modules')
  const facts = [file, await modified(runtime), jars.kafka, await modified(jars.kafka)]
  const mark = createHash('sha256').update(facts.join('\n')).digest('hex').slice(0, 8)
  return join(jars.directory, `${component}-${mark}.jsa`)
}

/** Where a command is, links resolved; its name when it is nowhere. */
async function found(command: string): Promise<string> {
  if (command.includes('/')) return await realpath(command).catch(() => command)
  for (const folder of (machineEnvironment()['PATH'] ?? '').split(delimiter)) {
    const file = await realpath(join(folder, command)).catch(() => undefined)
    if (file !== undefined) return file
  }
  return command
}

/** 0 when there is no such file. */
async function modified(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.mtimeMs ?? 0
}
