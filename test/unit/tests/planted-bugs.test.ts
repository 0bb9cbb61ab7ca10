import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { withEdits } from '../../../bench/systems/paysaga/builds.ts'
import { bugs } from '../../planted-bugs/bugs.ts'

const read = (path: string): Promise<string> => readFile(new URL(`../../../${path}`, import.meta.url), 'utf8')

describe('the planted bugs', () => {
  it.each(bugs)('$name: can still be planted, and the test that must notice is there', async (bug) => {
    const source = await read(bug.file)
    expect(withEdits(source, bug.edits)).not.toBe(source)
    // A name that stands for several rows of a table holds a placeholder for what differs.
    const tests = await read(bug.caughtBy.file)
    const stem = bug.caughtBy.test.replace(/because of .* is parked/, 'because of %s is parked')
    expect(tests).toContain(stem)
  })
})
