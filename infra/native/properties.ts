import { readFile, writeFile } from 'node:fs/promises'

/** Writes a Java properties file: the shared one, then what only this stack knows. The last line of a name wins in Java. */
export async function writeProperties(
  file: string,
  shared: URL,
  own: Readonly<Record<string, string | number>>,
): Promise<void> {
  const lines = Object.entries(own).map(([name, value]) => `${name}=${escaped(String(value))}`)
  await writeFile(file, `${await readFile(shared, 'utf8')}\n# This stack's own.\n${lines.join('\n')}\n`)
}

/** Java reads these files as Latin-1: whatever is beyond ASCII, in a path for one, is written by its number. */
function escaped(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
