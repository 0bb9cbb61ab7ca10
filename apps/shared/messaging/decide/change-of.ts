import { isDeepStrictEqual } from 'node:util'

/** The members that differ, with their new value; null for those that went. Merged in order they give the state. */
export function changeOf(before: object | undefined, after: object): object {
  const old = new Map<string, unknown>(Object.entries(before ?? {}))
  const change: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(after)) {
    if (value !== undefined && !isDeepStrictEqual(old.get(name), value)) change[name] = value
    old.delete(name)
  }
  for (const [name, value] of old) if (value !== undefined) change[name] = null
  return change
}
