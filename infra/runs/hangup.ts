import { readFileSync } from 'node:fs'

/**
 * Whether the one who has started this process ignores SIGHUP, as under `nohup`. Node has reset what it has inherited itself
 * by the time that it runs a script. Known on Linux only.
 */
export function parentIgnoresHangup(): boolean {
  try {
    return ignoresHangup(readFileSync(`/proc/${process.ppid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** proc(5): a mask in hexadecimal whose lowest bit is signal 1, SIGHUP. */
export const ignoresHangup = (status: string): boolean => /^SigIgn:\s*[0-9a-f]*[13579bdf]$/im.test(status)
