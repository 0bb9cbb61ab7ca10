import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { commandsOf, documentPaths } from '../support/documents/commands.ts'
import { keepingsOf, testsNamed, unusedPatterns } from '../support/documents/kept-true.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')
const documents = documentPaths()
const commands = documents.flatMap((document) => commandsOf(document))

describe('the commands of the documents', () => {
  it('are each run by a test, or listed with the reason why none does', () => {
    const kept = commands.map((command) => ({ ...command, kept: keepingsOf(command).length }))
    expect(kept.filter(({ kept: count }) => count !== 1)).toEqual([])
  })

  it('are listed only where there are such', () => {
    expect(unusedPatterns(commands)).toEqual([])
    expect(testsNamed().filter((path) => !existsSync(new URL(path, root)))).toEqual([])
  })

  it('are found: a block says what it is, and one of commands is called sh', () => {
    const unnamed = documents
      .filter((path) => path.endsWith('.md'))
      .flatMap((path) => {
        const fences = [...read(path).matchAll(/^ *```(.*)$/gm)].map(([, language = '']) => language)
        return fences.filter((_, index) => index % 2 === 0).map((language) => ({ path, language }))
      })
      .filter(({ language }) => !['sh', 'ts', 'sql', 'text', 'mermaid', 'json', 'yaml'].includes(language))
    expect(unnamed).toEqual([])
  })

  it('are split where one ends and the next begins', () => {
    const text = [
      '```sh',
      '# why',
      "one 'a",
      "b' \\",
      '  c  # d',
      '',
      'two',
      '```',
      '',
      '```text',
      'three',
      '```',
    ].join('\n')
    expect(commandsOf('x.md', `${text}\n`).map((command) => command.text)).toEqual(["one 'a\nb' \\\n  c  # d", 'two'])
    expect(() => commandsOf('x.md', "```sh\none 'a\n```\n")).toThrow('has no end')
  })
})
