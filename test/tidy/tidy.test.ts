import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { generatedFiles } from '../../docs/generate.ts'
import { files, read, root } from './files.ts'

// What no tool knows. Each test returns the offenders, so that a failure names them.

const documents = files.filter((path) => path.endsWith('.md'))

describe('documents', () => {
  it('name only paths that exist', () => {
    const missing = documents.flatMap((document) => {
      const text = read(document)
      const links = matches(text, /\]\((?!https?:|#|mailto:)([^)#\s]+)/g).map((link) => join(dirname(document), link))
      const code = matches(text, /`((?:apps|db|infra|test|docs|bench|examples|\.ci)\/[\w./@-]*)`/g)
      // What is installed is not there on every machine: a Node.js of its own will do.
      return [...links, ...code]
        .filter((path) => !path.includes('node_modules') && !existsSync(join(root, normalize(path))))
        .map((path) => `${document}: ${path}`)
    })
    expect(missing).toEqual([])
  })

  it('name only targets that make has', () => {
    const targets = new Set(matches(read('Makefile'), /^([a-z-]+):/gm))
    const missing = documents.flatMap((document) =>
      matches(read(document), /(?:^|`|\$ )make ([a-z][a-z-]*)/gm)
        .filter((target) => !targets.has(target))
        .map((target) => `${document}: make ${target}`),
    )
    expect(missing).toEqual([])
  })

  it('have what is generated in them up to date (make generate)', async () => {
    const stale = [...(await generatedFiles())]
      .filter(([path, content]) => read(path) !== content)
      .map(([path]) => path)
    expect(stale).toEqual([])
  })
})

describe('the environment', () => {
  it('is described in .env.example: every variable that is read, and no other', () => {
    const described = new Set(matches(read('.env.example'), /^#? ?([A-Z][A-Z0-9_]+)=/gm))
    const configs = files.filter(
      (path) => /^(apps|infra)\/.*config\.ts$/.test(path) && path !== 'apps/shared/runtime/config.ts',
    )
    const variables = new Set(configs.flatMap((path) => matches(read(path), /^ +([A-Z][A-Z0-9_]+):/gm)))
    expect([...described].toSorted()).toEqual([...variables].toSorted())
  })

  it('reaches the services that make starts: what a person may set is handed on', () => {
    const handedOn = new Set(matches(read('infra/config.ts'), /^ {2}'([A-Z][A-Z0-9_]+)',$/gm))
    const stackSettings = new Set(matches(read('infra/config.ts'), /^ +([A-Z][A-Z0-9_]+):/gm))
    const offered = matches(read('.env.example'), /^#? ?([A-Z][A-Z0-9_]+)=(?=\S)/gm)
    const byMake = ['CONNECTOR_TEMPLATE', 'SMTP_PORT']
    const lost = offered.filter((name) => !handedOn.has(name) && !stackSettings.has(name) && !byMake.includes(name))
    expect(lost).toEqual([])
  })
})

describe('what is installed', () => {
  const lockFile = z.object({
    packages: z.record(
      z.string(),
      z.object({
        resolved: z.string().optional(),
        integrity: z.string().optional(),
        inBundle: z.boolean().optional(),
        optionalDependencies: z.record(z.string(), z.string()).optional(),
      }),
    ),
  })

  it.each(['package-lock.json', 'infra/node/package-lock.json'])(
    'is locked by content and without a host in %s',
    (path) => {
      const { packages } = lockFile.parse(JSON.parse(read(path)))
      const entries = Object.entries(packages).filter(([name]) => name !== '')
      expect(entries.filter(([, entry]) => entry.resolved !== undefined).map(([name]) => name)).toEqual([])
      expect(entries.filter(([, { integrity, inBundle }]) => !integrity && !inBundle).map(([name]) => name)).toEqual([])
    },
  )

  it('is locked for every platform: npm drops an optional package from the lock file in silence', () => {
    const { packages } = lockFile.parse(JSON.parse(read('package-lock.json')))
    const missing = Object.entries(packages).flatMap(([parent, { optionalDependencies }]) =>
      Object.keys(optionalDependencies ?? {})
        .filter((name) => !reachable(parent, name, packages))
        .map((name) => `${parent} -> ${name}`),
    )
    expect(missing).toEqual([])
  })

  it('is pinned exactly', () => {
    const versions = z.record(z.string(), z.string())
    const { dependencies, devDependencies } = z
      .object({ dependencies: versions, devDependencies: versions })
      .parse(JSON.parse(read('package.json')))
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, v]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(v),
    )
    expect(loose).toEqual([])
  })
})

describe('limits of tests', () => {
  it('come from one place, which measures the machine: a fixed one fails on a machine that is slower', () => {
    // Options of vitest and execa, and requests. Settings of what is tested are named after it: `timeoutMs`.
    const fixed = /(?<![A-Za-z])timeout: \d|(?:testTimeout|hookTimeout): \d|AbortSignal\.timeout\(\d+_?\d{3}/
    const tests = files.filter((path) => /^test\/.*\.ts$/.test(path) && path !== 'test/tidy/tidy.test.ts')
    expect(tests.filter((path) => fixed.test(read(path)))).toEqual([])
  })
})

describe('rooms', () => {
  it('have at most 20 files: what does not fit into one look has subjects of its own', () => {
    const rooms = Map.groupBy(files, (path) => dirname(path))
    const full = [...rooms].filter(([, paths]) => paths.length > 20).map(([room, paths]) => `${room}: ${paths.length}`)
    expect(full).toEqual([])
  })
})

describe('migrations', () => {
  const migrations = files.filter((path) => path.startsWith('db/') && path.endsWith('.sql'))

  it('are numbered without a gap in their folder', () => {
    const folders = Map.groupBy(migrations, (path) => dirname(path))
    for (const [folder, paths] of folders) {
      const numbers = paths
        .map((path) => /\/(\d{4})_[a-z_]+\.sql$/.exec(path)?.[1] ?? path)
        .toSorted((a, b) => a.localeCompare(b))
      expect([folder, numbers]).toEqual([folder, paths.map((_, index) => `${index + 1}`.padStart(4, '0'))])
    }
  })

  it('say first why they are and what they lock', () => {
    const silent = migrations.filter((path) => !/^--.*(\n--.*)*\block/im.test(read(path).split('\n\n')[0] ?? ''))
    expect(silent).toEqual([])
  })
})

describe('the text', () => {
  it('speaks of the project alone: no leftovers, no path of one machine', () => {
    // Split, so that this file does not offend itself.
    const leftovers = new RegExp(
      ['\\bTO' + 'DO\\b', '\\bFIX' + 'ME\\b', '\\.on' + 'ly\\(', '(?<![\\w.$}/-])/(?:work|root|home)/[a-z]'].join('|'),
    )
    const sources = files.filter(
      (path) => /\.(ts|sql|md|json|ya?ml|sh)$|Makefile|\.ci\/run/.test(path) && !path.endsWith('package-lock.json'),
    )
    expect(sources.filter((path) => leftovers.test(read(path)))).toEqual([])
  })
})

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].flatMap(([, group]) => (group === undefined ? [] : [group]))
}

/** Node's resolution: in the package's own folder, then in those above. */
function reachable(parent: string, name: string, packages: object): boolean {
  for (let folder = parent; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (Object.hasOwn(packages, `${folder === '' ? '' : `${folder}/`}node_modules/${name}`)) return true
    if (folder === '') return false
  }
}
