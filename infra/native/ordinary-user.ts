import { execFileSync } from 'node:child_process'
import { chown } from 'node:fs/promises'

/** PostgreSQL looks its user up by number, so it must be one that every system has: nobody. */
export const nobody = 65534

/** PostgreSQL refuses to run as root. `none`: root, and no way to be somebody else. */
export type Disguise = 'not-root' | 'namespace' | 'uid' | 'none'

let found: Disguise | undefined

/** Tried out once in a process. */
export function disguise(): Disguise {
  found ??= findDisguise()
  return found
}

function findDisguise(): Disguise {
  if (process.getuid?.() !== 0) return 'not-root'
  if (works('unshare', [...namespace, 'true'])) return 'namespace'
  return works('setpriv', [...otherUid, 'true']) ? 'uid' : 'none'
}

/** The command as PostgreSQL accepts it: in a user namespace root appears as nobody, and needs no account, no rights and no chown. */
export function asOrdinaryUser(file: string, args: readonly string[]): [string, string[]] {
  switch (disguise()) {
    case 'not-root':
    case 'none':
      return [file, [...args]]
    case 'namespace':
      return ['unshare', [...namespace, file, ...args]]
    case 'uid':
      return ['setpriv', [...otherUid, file, ...args]]
  }
}

/** Where namespaces are forbidden the data belongs to the other user, who must also reach the folder and the binaries. */
export async function giveToOrdinaryUser(directory: string): Promise<void> {
  if (disguise() === 'uid') await chown(directory, nobody, nobody)
}

const namespace = ['--user', `--map-user=${nobody}`, `--map-group=${nobody}`]
const otherUid = [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups']

function works(file: string, args: readonly string[]): boolean {
  try {
    execFileSync(file, args, { stdio: 'ignore', timeout: 5_000 })
    return true
  } catch {
    return false
  }
}
