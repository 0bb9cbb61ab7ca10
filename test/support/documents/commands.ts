import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('../../../', import.meta.url)

/** One command that a document tells its reader to run, with all its lines. */
export interface DocumentedCommand {
  /** Its path from the project's root. */
  readonly document: string
  readonly text: string
}

/** What is read: every Markdown file, and the comments of the examples. */
export function documentPaths(): readonly string[] {
  const files = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '*.md', 'examples/*.ts'],
    {
      cwd: fileURLToPath(root),
      encoding: 'utf8',
    },
  )
  return files.split('\n').filter((path) => path !== '')
}

/** The commands of one document, in their order. Throws for a block that ends in the middle of one. */
export function commandsOf(document: string, text = read(document)): readonly DocumentedCommand[] {
  const blocks = document.endsWith('.md') ? shellBlocks(text) : indentedComments(text)
  return blocks.flatMap(split).map((command) => ({ document, text: command }))
}

/** The command that begins so. Throws where the document has none, or two. */
export function documented(document: string, beginning: string): string {
  const found = commandsOf(document).filter(({ text }) => text.startsWith(beginning))
  const [command] = found
  if (command === undefined || found.length > 1) {
    throw new Error(`${document} has ${found.length} commands that begin with: ${beginning}`)
  }
  return command.text
}

const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

const shellBlocks = (markdown: string): readonly string[] =>
  [...markdown.matchAll(/^```(?:sh|bash|console)\n(.*?)^```$/gms)].map(([, block = '']) => block)

/** Lines of a comment that stand in by three spaces, which is how the examples show a command. */
const indentedComments = (source: string): readonly string[] => [
  [...source.matchAll(/^\/\/ {3}(\S.*)$/gm)].map(([, line = '']) => line).join('\n'),
]

function split(block: string): readonly string[] {
  const commands: string[] = []
  let open = ''
  for (const line of block.split('\n')) {
    if (open === '' && (line.trim() === '' || line.startsWith('#'))) continue
    open += open === '' ? line : `\n${line}`
    if (!isComplete(open)) continue
    commands.push(open)
    open = ''
  }
  if (open !== '') throw new Error(`A command has no end: ${open}`)
  return commands
}

/** No quote is open, and no backslash takes the next line. */
function isComplete(command: string): boolean {
  let quote = ''
  for (const character of command) {
    if (quote === '' && (character === '"' || character === "'")) quote = character
    else if (character === quote) quote = ''
  }
  return quote === '' && !command.endsWith('\\')
}
