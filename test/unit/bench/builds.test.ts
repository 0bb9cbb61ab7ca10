import { existsSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { describe, expect, it, test } from 'vitest'
import type * as effectRows from '../../../apps/shared/messaging/effects/leases.ts'
import type * as outbox from '../../../apps/shared/messaging/outbox/outbox.ts'
import type * as database from '../../../apps/shared/runtime/database.ts'
import * as effectsInMemory from '../../../bench/systems/ablations/effects-in-memory.ts'
import * as outboxInMemory from '../../../bench/systems/ablations/outbox-in-memory.ts'
import * as producingDatabase from '../../../bench/systems/ablations/producing-database.ts'
import { buildNames, builds, withEdits } from '../../../bench/systems/paysaga/builds.ts'

// A build is made of other people's sources while they are loaded: whoever changes them must learn of it here.

const root = new URL('../../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

describe.each(buildNames)('the build %s', (name) => {
  const { replaced, edited } = builds[name]

  it.each(Object.entries(edited))(
    'edits %s: each text stands there once, and TypeScript comes out of it',
    (path, edits) => {
      const source = withEdits(read(path), edits)
      expect(() => stripTypeScriptTypes(source)).not.toThrow()
    },
  )

  it('replaces files that exist by files that exist', () => {
    const paths = Object.entries(replaced).flat()
    expect(paths.filter((path) => !existsSync(new URL(path, root)))).toEqual([])
  })

  it('edits no file that it replaces: nobody would see the edit', () => {
    expect(Object.keys(edited).filter((path) => path in replaced)).toEqual([])
  })

  it('gives those who import a replaced module all that it exported', async () => {
    const missing = Object.entries(replaced).map(async ([path, replacement]) => {
      const [before, after] = await Promise.all([namesOf(path), namesOf(replacement)])
      return before.filter((exported) => !after.includes(exported)).map((exported) => `${replacement}: ${exported}`)
    })
    expect((await Promise.all(missing)).flat()).toEqual([])
  })
})

test('a module that stands for another has its types', () => {
  // Judged by the compiler.
  const effects: typeof effectRows = effectsInMemory
  const events: typeof outbox = outboxInMemory
  const connections: typeof database = producingDatabase
  expect([effects, events, connections]).toHaveLength(3)
})

test('an edit that does not find its text, or finds it twice, fails', () => {
  expect(() => withEdits('a b', [['c', 'd']])).toThrow('exactly once: c')
  expect(() => withEdits('a b a', [['a', 'd']])).toThrow('exactly once: a')
  expect(
    withEdits('a b', [
      ['a', 'c'],
      ['c b', 'd'],
    ]),
  ).toBe('d')
})

async function namesOf(path: string): Promise<readonly string[]> {
  const exported: object = await import(new URL(path, root).href)
  return Object.keys(exported)
}
