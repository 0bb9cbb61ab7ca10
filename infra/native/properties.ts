import { readFile, writeFile } from 'node:fs/promises'

/** Writes a Java properties file: the shared one, then what only this stack knows. The last line of a name wins in Java. */
export async function writeProperties(
  file: string,
  shared: URL,
  own: Readonly<Record<string, string | number>>,
): Promise<void> {
  const lines = Object.entries(own).map(([name, value]) => `${name}=${String(value).replaceAll('\\', '\\\\')}`)
  await writeFile(file, `${await readFile(shared, 'utf8')}\n# This stack's own.\n${lines.join('\n')}\n`)
}
