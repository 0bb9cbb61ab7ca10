import { createHmac, randomBytes } from 'node:crypto'
import { z } from 'zod'

/** By name. A value may be a secret. */
export type Settings = Readonly<Record<string, string>>

/** What a process was started with, to tell later what has changed since: of each value a keyed digest, and never itself. */
export const keptSettings = z.object({ salt: z.string(), digests: z.record(z.string(), z.string()) })
export type KeptSettings = z.infer<typeof keptSettings>

const saltBytes = 16

export function keepSettings(settings: Settings): KeptSettings {
  const salt = randomBytes(saltBytes).toString('base64url')
  return { salt, digests: digestsOf(settings, salt) }
}

/** The names that have another value now, or came, or went; sorted. */
export function changedSettings({ salt, digests: before }: KeptSettings, settings: Settings): readonly string[] {
  const now = digestsOf(settings, salt)
  const names = new Set([...Object.keys(before), ...Object.keys(now)])
  return [...names].filter((name) => before[name] !== now[name]).toSorted((one, other) => one.localeCompare(other))
}

function digestsOf(settings: Settings, salt: string): Readonly<Record<string, string>> {
  const digest = (value: string): string => createHmac('sha256', salt).update(value).digest('base64url')
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, digest(value)]))
}
