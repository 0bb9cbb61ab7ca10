import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Component, StackOptions } from '../stack.ts'

export const composeFile = fileURLToPath(new URL('./compose.yaml', import.meta.url))

/** Compose's name for the stack of a directory: two checkouts on one machine share nothing. */
export function projectName(directory: string): string {
  return `paysaga-${createHash('sha256').update(directory).digest('hex').slice(0, 8)}`
}

/** As Compose names the first container of a service. */
export function containerName(project: string, component: Component): string {
  return `${project}-${component}-1`
}

/** What compose.yaml interpolates. */
export function composeVariables({ ports }: StackOptions): Readonly<Record<string, string>> {
  return {
    POSTGRES_PORT: String(ports.postgres),
    KAFKA_PORT: String(ports.kafka),
    CONNECT_PORT: String(ports.connect),
  }
}

const ignored = z.unknown().optional()

/** Strict: what a component says in compose.yaml and is not read here would hold for people and not for tests. */
const definition = z.strictObject({
  image: z.string(),
  user: z.string().optional(),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()),
  /** `address:port of this machine:port of the container` */
  ports: z.array(z.string()).transform((ports) =>
    ports.map((text) => {
      const [address = '', host = '', container = ''] = text.split(':')
      return { address, host: Number(host), container: Number(container) }
    }),
  ),
  /** `name:path` of a volume, or `file:path:ro` relative to compose.yaml */
  volumes: z.array(z.string()).transform((volumes) =>
    volumes.map((text) => {
      const [source = '', target = ''] = text.split(':')
      const file = source.startsWith('.') ? resolve(composeFile, '..', source) : undefined
      return { source, target, file }
    }),
  ),
  tmpfs: z.array(z.string()).default([]),
  mem_limit: z.string(),
  shm_size: z.string().optional(),
  // Whoever makes a container without Compose waits for answers, starts, ends and starts again by itself.
  depends_on: ignored,
  healthcheck: ignored,
  stop_grace_period: ignored,
  restart: ignored,
  logging: ignored,
})
export type Definition = z.output<typeof definition>

/** How compose.yaml describes a component, for whoever makes it without Compose. Throws when it says what is not read here. */
export async function definitionOf(component: Component, options: StackOptions): Promise<Definition> {
  const variables = composeVariables(options)
  const text = (await readFile(composeFile, 'utf8')).replaceAll(
    /\$\{(\w+):-([^}]*)\}/g,
    (_, name: string, preset: string) => variables[name] ?? preset,
  )
  const { services } = z.object({ services: z.record(z.string(), z.unknown()) }).parse(parse(text, { merge: true }))
  return definition.parse(services[component])
}
