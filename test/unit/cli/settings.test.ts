import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { targetsOf, unreadVariables } from '../../../infra/cli/support/arguments/make-variables.ts'
import { knownSettings, unknownSettings } from '../../../infra/cli/support/arguments/settings.ts'

describe('names in .env', () => {
  it('are known from .env.example, from what Compose reads, and from OpenTelemetry and this machine', async () => {
    const names = ['PAY_WITHIN_MS', 'ORDER_PORT', 'KAFKA_2_PORT', 'OTEL_SERVICE_NAME', 'DOCKER_HOST', 'JAVA_HOME']
    expect(unknownSettings(names, await knownSettings())).toEqual([])
  })

  it('that nothing reads are told with the nearest', async () => {
    expect(unknownSettings(['PAY_WITHN_MS', 'WAREHOUSE'], await knownSettings())).toEqual([
      'nothing reads PAY_WITHN_MS. Did you mean PAY_WITHIN_MS? .env.example lists what there is.',
      'nothing reads WAREHOUSE. .env.example lists what there is.',
    ])
  })
})

const makefile = await readFile(new URL('../../../Makefile', import.meta.url), 'utf8')

describe('variables on the command line of make', () => {
  const targets = targetsOf(makefile)
  const unread = (goals: readonly string[], given: readonly string[]) =>
    unreadVariables({ goals, given }, targets, ['ORDER_PORT', 'LOG_LEVEL'])

  it('are what the target’s line of help or its recipe names', () => {
    const variables = Object.fromEntries(targets.map(({ name, variables: read }) => [name, read.toSorted()]))
    expect(variables).toMatchObject({
      up: ['ONLY'],
      status: ['JSON'],
      logs: ['F', 'S'],
      order: ['FILE'],
      saga: ['ORDER'],
      sql: ['DB', 'Q'],
      topics: [],
      consume: ['F', 'FROM', 'N', 'TOPIC'],
      redrive: ['CAUSE', 'DISCARD', 'DRY', 'KEY', 'REASON', 'S'],
      ledger: ['HEAD'],
      test: ['FILE', 'PROJECT'],
      chaos: ['FAULT', 'LAYOUT', 'POINT', 'SEED'],
      bench: ['ONLY', 'ROWS', 'SCALE', 'SEED'],
    })
  })

  it('reach a recipe whole: each that a recipe reads is exported as it was written', () => {
    const exported = new Set(
      [...makefile.matchAll(/^override export ([A-Z]+) := \$\(call of_command_line,\1\)$/gm)].map(([, name]) => name),
    )
    expect(targets.flatMap(({ variables }) => variables.filter((name) => !exported.has(name)))).toEqual([])
  })

  it('that the target reads pass, and so do settings', () => {
    expect(unread(['order'], ['FILE', 'ORDER_PORT'])).toEqual([])
    expect(unread(['up', 'logs'], ['ONLY', 'S'])).toEqual([])
  })

  it('that nothing reads are refused with the nearest and with what there is', () => {
    expect(unread(['order'], ['FLIE'])).toEqual([
      'make order does not read FLIE. Did you mean FILE? It reads FILE, and the settings of .env.example.',
    ])
    expect(unread(['topics'], ['TOPIC'])).toEqual([
      'make topics does not read TOPIC. It reads no variable, and the settings of .env.example.',
    ])
    expect(unread(['up'], ['LOGLEVEL'])[0]).toContain('Did you mean LOG_LEVEL?')
  })
})
