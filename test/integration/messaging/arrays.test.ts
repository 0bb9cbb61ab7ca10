import fc from 'fast-check'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { byteaArray, intArray, jsonbArray, textArray, uuidArray } from '#messaging'
import { propertySeed } from '../../support/config.ts'
import { freshDatabase, type TestDatabase } from '../../support/system/database.ts'

describe('an array for PostgreSQL', () => {
  let database: TestDatabase
  let db: Kysely<unknown>
  beforeAll(async () => {
    database = await freshDatabase(inject('postgresUrl'))
    db = database.open<unknown>('order_service', 1)
  })
  afterAll(() => database[Symbol.asyncDispose]())

  async function backOf(array: Buffer, type: string): Promise<readonly unknown[]> {
    const { rows } = await sql<{ value: unknown }>`
      select value from unnest(${array}::${sql.raw(type)}) as value`.execute(db)
    return rows.map(({ value }) => value)
  }
  /** PostgreSQL's text holds everything but this. */
  const text = fc.string({ unit: 'binary' }).filter((value) => !value.includes('\0') && value.isWellFormed())

  it('comes back as it went, whatever is in it', async () => {
    const values = fc.array(
      fc.record({ text: fc.option(text), int: fc.option(fc.integer()), uuid: fc.option(fc.uuid()) }),
    )
    const check = fc.asyncProperty(values, async (rows) => {
      const column = <Name extends 'text' | 'int' | 'uuid'>(name: Name) => rows.map((row) => row[name])
      expect(await backOf(textArray(column('text')), 'text[]')).toEqual(column('text'))
      expect(await backOf(intArray(column('int')), 'int[]')).toEqual(column('int'))
      expect(await backOf(uuidArray(column('uuid')), 'uuid[]')).toEqual(column('uuid'))
    })
    await fc.assert(check, { seed: propertySeed, numRuns: 50 })
  })

  it('holds JSON and bytes', async () => {
    const values = [{ name: 'Zoë "x" \\ {,}' }, [], null, 1]
    expect(await backOf(jsonbArray(values.map((value) => JSON.stringify(value))), 'jsonb[]')).toEqual(values)
    const bytes = [Buffer.from([0, 255, 92]), Buffer.alloc(0)]
    expect(await backOf(byteaArray(bytes), 'bytea[]')).toEqual(bytes)
  })

  it('of UUIDs refuses what is none', () => {
    const broken = ['', 'abc', '0190a000-0000-7000-8000-00000000000g', '0190a0000000-7000-8000-000000000001x']
    for (const value of broken) expect(() => uuidArray([value])).toThrow('is no UUID')
  })
})
