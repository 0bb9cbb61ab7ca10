import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandsOf, documented } from '../../support/documents/commands.ts'
import { shell } from '../../support/documents/run.ts'
import { limitMs } from '../../support/limits.ts'
import { openShop } from '../../support/system/shop.ts'

const guide = 'docs/adopt.md'
const example = 'examples/outbox-only/main.ts'
const textsOf = (document: string) => commandsOf(document).map(({ text }) => text)

/** docs/adopt.md, its first step, done as it is written there. */
describe('a team that takes nothing but the outbox', () => {
  const shop = openShop()
  const { endpoints } = shop.stack
  const db = new pg.Client({ connectionString: endpoints.databaseUrl('billing') })
  const exports = textsOf(guide).filter((text) => text.startsWith('export '))
  const issueCommand = documented(guide, `node ${example}`)
  const issue = (...args: readonly string[]) => shell(shop, ...exports, ['node', example, ...args].join(' '))
  const events = async () => (await db.query<{ aggregateid: string }>('select aggregateid from outbox')).rows

  beforeAll(async () => {
    await shell(shop, ...exports, ...textsOf(guide).filter((text) => text.startsWith('node infra/')))
    await db.connect()
  })
  afterAll(() => db.end())

  it('has its row and its event, the one with the other', async () => {
    const id = (await shell(shop, ...exports, issueCommand)).trim()
    expect((await db.query('select customer, amount_minor::int from invoice where id = $1', [id])).rows).toEqual([
      { customer: 'ada@example.com', amount_minor: 1290 },
    ])
    const consume = documented(guide, 'make consume')
    await expect.poll(() => shell(shop, consume), { timeout: limitMs(30_000) }).toContain(`"invoiceId":"${id}"`)
  })

  it('has neither when the row is refused', async () => {
    const before = await events()
    const admin = new pg.Client({ connectionString: endpoints.adminUrl })
    await admin.connect()
    await admin.query(`alter table billing.invoice add constraint no_eve check (customer <> 'eve@example.com')`)
    await admin.end()
    await expect(issue('eve@example.com', '1290')).rejects.toThrow('no_eve')
    expect(await events()).toEqual(before)
  })

  it('is told which argument is wrong', async () => {
    const refused = /customer is missing\n.*amount is "0".*\n.*currency is "euro"/
    await expect(issue("''", '0', 'euro')).rejects.toThrow(refused)
  })

  it('finds the same commands in the guide and in the example', () => {
    const ofGuide = textsOf(guide).filter((text) => !text.startsWith('docker'))
    const ofExample = textsOf(example).filter((text) => text !== 'make up' && !text.startsWith('export PATH='))
    expect(ofExample).toEqual(ofGuide)
  })
})
