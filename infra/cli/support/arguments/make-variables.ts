import { nearest } from './nearest.ts'
import { isSetting } from './settings.ts'

export interface Target {
  readonly name: string
  /** Variables of the command line that it reads. */
  readonly variables: readonly string[]
}

const ruleOf = /^([a-z-]+):.*?## (.*)\n((?:\t.*\n)*)/gm

/** The targets that `make help` lists. What one reads stands in its line of help, or in its recipe. */
export function targetsOf(makefile: string): readonly Target[] {
  return [...makefile.matchAll(ruleOf)].map(([, name = '', help = '', recipe = '']) => {
    const described = namesIn(help, /\b([A-Z]+)=/g)
    const read = namesIn(recipe, /\$\$\{?([A-Z]+)/g)
    return { name, variables: [...new Set([...described, ...read])] }
  })
}

const namesIn = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].flatMap(([, name]) => (name === undefined ? [] : [name]))

export interface CommandLine {
  readonly goals: readonly string[]
  readonly given: readonly string[]
}

/** One sentence for each variable that no goal would read; settings of `.env.example` may always be given. */
export function unreadVariables(
  { goals, given }: CommandLine,
  targets: readonly Target[],
  settings: readonly string[],
): readonly string[] {
  const chosen = targets.filter(({ name }) => goals.includes(name))
  const read = new Set(chosen.flatMap(({ variables }) => variables))
  return given
    .filter((name) => !read.has(name) && !isSetting(name, settings))
    .map((name) => {
      const meant = nearest(name, [...read]) ?? nearest(name, settings)
      const suggestion = meant === undefined ? '' : ` Did you mean ${meant}?`
      const known = read.size === 0 ? 'no variable' : [...read].join(', ')
      return `make ${goals.join(' ')} does not read ${name}.${suggestion} It reads ${known}, and the settings of .env.example.`
    })
}
