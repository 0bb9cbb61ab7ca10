import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { schemasOf, topicsOf } from '../../../infra/cli/jobs/arguments.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../../', import.meta.url))
const invoices = new URL('../../../examples/outbox-only/migrations/', import.meta.url)

describe('the job migrations', () => {
  it('brings everything up to date when it is told nothing', async () => {
    expect(await schemasOf([])).toBeUndefined()
  })

  it('takes a schema and the folder of its migrations', async () => {
    expect(await schemasOf(['billing', fileURLToPath(invoices)])).toEqual([{ schema: 'billing', folder: invoices }])
  })

  it.each([
    [['billing'], 'usage: migrations'],
    [['billing', '.', '.'], 'usage: migrations'],
    [['Billing', '.'], '"Billing" cannot be the name of a schema'],
    [['public', '.'], '"public" cannot be the name of a schema'],
    [['pg_temp', '.'], '"pg_temp" cannot be the name of a schema'],
    [['billing', 'examples'], '"examples" has no migrations'],
    [['billing', 'nowhere'], '"nowhere" has no migrations'],
  ])('says what is wrong with %j', async (args, message) => {
    await expect(schemasOf(args)).rejects.toThrow(message)
  })

  it('is told by the entry point of the image what the container is told', async () => {
    const told = run('sh', ['infra/docker/entrypoint.sh', 'migrations', 'billing', 'no where'], { cwd: root })
    await expect(told).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('"no where" has no migrations'),
    })
  })
})

describe('the job topics', () => {
  it('makes those of topics.json, or those that are named', () => {
    expect(topicsOf([])).toBeUndefined()
    expect(topicsOf(['billing.events', 'a-b_c.events'])).toEqual(['billing.events', 'a-b_c.events'])
  })

  it.each(['', 'two words', 'a/b', 'x'.repeat(250)])('refuses "%s"', (name) => {
    expect(() => topicsOf([name])).toThrow('cannot be the name of a topic')
  })
})
