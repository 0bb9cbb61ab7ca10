import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { javaHome, machineEnvironment } from '../config.ts'
import type { Command } from '../process/daemon.ts'
import { runTool } from '../process/run-tool.ts'
import type { Profile } from '../stack.ts'
import { archiveFlags } from './class-archive.ts'
import type { Jars } from './jars.ts'

export interface JavaProgram {
  readonly mainClass: string
  readonly args: readonly string[]
  readonly heapMb: number
  readonly workingDirectory: string
  readonly profile: Profile
  /** Name of its class archive. */
  readonly archive: string
}

/** `java` as the machine has it, unless JAVA_HOME says otherwise. */
export const javaFile = javaHome === undefined ? 'java' : join(javaHome, 'bin', 'java')

export const classPath = (jars: Jars): string => join(jars.kafka, '*')

/** How to run a class of Kafka's class path as a daemon. */
export async function javaCommand(jars: Jars, program: JavaProgram): Promise<Command> {
  return {
    file: javaFile,
    args: [
      `-Xmx${program.heapMb}m`,
      '-Xms64m',
      // One collector thread instead of several that idle; heaps this small are collected in milliseconds.
      '-XX:+UseSerialGC',
      ...compilation[program.profile],
      ...(await archiveFlags(jars, { ...program, component: program.archive, java: javaFile })),
      '-XX:+ExitOnOutOfMemoryError',
      ...commonFlags,
      '-cp',
      classPath(jars),
      program.mainClass,
      ...program.args,
    ],
    environment: machineEnvironment(),
    workingDirectory: program.workingDirectory,
  }
}

/**
 * The optimizing compiler costs a third of a start, for code that runs a few thousand times and no more. With its
 * thresholds at five times the presets it compiles what is hot under load, seconds into the load, and little before. Higher ones
 * save no more, and leave the first minute of a load to slower code.
 * Tests start often and run shortly: there the fast compiler alone does, which halves the work of a start and costs peak
 * throughput.
 */
const compilation: Readonly<Record<Profile, readonly string[]>> = {
  production: [
    '-XX:Tier4InvocationThreshold=25000',
    '-XX:Tier4MinInvocationThreshold=3000',
    '-XX:Tier4CompileThreshold=75000',
    '-XX:Tier4BackEdgeThreshold=200000',
  ],
  test: ['-XX:TieredStopAtLevel=1'],
}

/** Runs a tool of Kafka's class path to its end. Throws with its output when it fails. */
export async function runJava(jars: Jars, mainClass: string, args: readonly string[]): Promise<void> {
  const flags = ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...commonFlags]
  await runTool(javaFile, [...flags, '-cp', classPath(jars), mainClass, ...args])
}

const commonFlags = [
  '-Djava.awt.headless=true',
  '-Dfile.encoding=UTF-8',
  `-Dlog4j2.configurationFile=${fileURLToPath(new URL('../kafka/log4j2.yaml', import.meta.url))}`,
]
