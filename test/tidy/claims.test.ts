import { basename, dirname, join, normalize } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { readNotificationConfig } from '../../apps/notification/config.ts'
import { readOrderConfig } from '../../apps/order/config.ts'
import { readPaymentConfig } from '../../apps/payment/config.ts'
import { readRelayConfig } from '../../apps/relay/config.ts'
import { catalogue } from '../../apps/shared/runtime/metrics/metric-catalogue.ts'
import { readConfig as readInfraConfig } from '../../infra/config.ts'
import { files, read } from './files.ts'

// What documents say of the code, by name or by number. Each test returns the offenders, so that a failure names them.

/** What was decided or changed once may name what has gone since. */
const documents = files.filter((path) => path.endsWith('.md') && !/^CHANGELOG|^docs\/adr\//.test(path))
const sources = files
  .filter((path) => /^(apps|bench|db|infra|test)\/.*\.(ts|sql|ya?ml|sh)$|^Makefile$/.test(path))
  .filter((path) => !path.startsWith('test/tidy/'))
const code = sources.map(read).join('\n')
const example = new Map(
  [...read('.env.example').matchAll(/^# ([A-Z][A-Z0-9_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
)

/** What a pattern's first group finds in the documents and `exists` knows nothing of, with its document. */
const unknown = (pattern: RegExp, exists: (found: string) => boolean): readonly string[] =>
  documents.flatMap((path) =>
    [...read(path).matchAll(pattern)]
      .map(([, found = '']) => found)
      .filter((found) => !exists(found))
      .map((found) => `${path}: ${found}`),
  )

describe('documents', () => {
  it('name only files that exist, also without their folder', () => {
    const names = new Set([...files.map((path) => basename(path)), 'results.json'])
    expect(
      unknown(/`([\w-]+(?:\.test)?\.(?:ts|json|ya?ml|sh|sql|conf|properties))`/g, (name) => names.has(name)),
    ).toEqual([])
  })

  it('lead to headings that exist', () => {
    const headings = new Map(
      documents.map((path) => [
        path,
        new Set([...read(path).matchAll(/^#+ (.*)$/gm)].map(([, text = '']) => slug(text))),
      ]),
    )
    const lost = documents.flatMap((path) =>
      [...read(path).matchAll(/\]\(([^)#\s:]*)#([\w-]+)\)/g)]
        .filter(([, to = '', heading = '']) => {
          const target = to === '' ? path : normalize(join(dirname(path), to))
          return headings.get(target)?.has(heading) !== true
        })
        .map(([link]) => `${path}: ${link}`),
    )
    expect(lost).toEqual([])
  })

  it('name only metrics that exist', () => {
    const names = new Set<string>(Object.values(catalogue).map(({ name }) => name))
    expect(unknown(/`(paysaga_[a-z_]+)/g, (name) => names.has(name))).toEqual([])
  })

  it('name only variables that something reads', () => {
    const ofOthers = ['NODE_OPTIONS']
    const exists = (name: string) =>
      example.has(name) || ofOthers.includes(name) || new RegExp(`\\b${name}\\b`).test(code)
    expect(unknown(/`([A-Z][A-Z0-9]*_[A-Z0-9_]+)\b/g, exists)).toEqual([])
  })

  it('give make only variables that the Makefile knows', () => {
    const makefile = read('Makefile')
    const given = documents.flatMap((path) =>
      [...read(path).matchAll(/\bmake [a-z-]+((?: [A-Z]+=(?:'[^']*'|"[^"]*"|[^\s`]+))+)/g)].flatMap(
        ([line, variables = '']) => [...variables.matchAll(/ ([A-Z]+)=/g)].map(([, name = '']) => ({ line, name })),
      ),
    )
    expect(given.length).toBeGreaterThan(20)
    expect(given.filter(({ name }) => !new RegExp(`\\b${name}\\b`).test(makefile))).toEqual([])
  })

  it('quote only lines that something logs', () => {
    const [, table = ''] = /^## Alarm lines\n(.*?)^## /ms.exec(read('docs/operations.md')) ?? []
    const lines = [...table.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, line = '']) => line),
    )
    expect(lines.length).toBeGreaterThan(40)
    const parts = (line: string) => line.split('…').map((part) => part.replace(/^[\s:,]+|[\s:,]+$/g, ''))
    expect(lines.filter((line) => !parts(line).every((part) => code.includes(part)))).toEqual([])
  })
})

describe('the figures of the documents', () => {
  afterEach(() => vi.unstubAllEnvs())

  it('are the ports that make takes, in each place that has them', () => {
    for (const [name] of example) if (name.endsWith('_PORT')) vi.stubEnv(name, undefined)
    const { stack, servicePorts } = readInfraConfig()
    const ports = Object.entries({ ...stack.ports, ...servicePorts }).map(([name, port]) => {
      const words = name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
      return [`${words}_PORT`, String(port)] as const
    })
    const rows = [...read('docs/infrastructure.md').matchAll(/^\| ([\d, ]+) \| (`[A-Z_`, ]+`) \|/gm)].flatMap(
      ([, numbers = '', names = '']) => {
        const each = numbers.split(', ')
        return names.split(', ').map((name, index) => [name.replaceAll('`', ''), each[index]] as const)
      },
    )
    const compose = [...read('infra/docker/compose.yaml').matchAll(/\$\{([A-Z_]+_PORT):-(\d+)\}/g)]
    for (const [name, port] of ports) {
      expect([name, new Map(rows).get(name)]).toEqual([name, port])
      expect([name, example.get(name)]).toEqual([name, port])
      const inCompose = compose.filter(([, composed]) => composed === name).map(([, , number]) => number)
      expect([name, inCompose.filter((number) => number !== port)]).toEqual([name, []])
    }
  })

  it('are the variables that Compose hands on', () => {
    const [, list = ''] =
      /it hands on what compose\.yaml names: ports, (.*?)\. /s.exec(read('docs/infrastructure.md')) ?? []
    const said = [...list.matchAll(/`([A-Z_]+)`/g)].map(([, name = '']) => name)
    const handedOn = [...read('infra/docker/compose.yaml').matchAll(/\$\{([A-Z_]+):?-/g)].map(([, name = '']) => name)
    expect(said.toSorted()).toEqual([...new Set(handedOn)].filter((name) => !name.endsWith('_PORT')).toSorted())
  })

  it('are the defaults that the processes take: .env.example', async () => {
    const url = 'postgres://somewhere/paysaga'
    const asked = {
      ...Object.fromEntries([...example.keys()].map((name) => [name, undefined])),
      ORDER_DATABASE_URL: url,
      PAYMENT_DATABASE_URL: url,
      NOTIFICATION_DATABASE_URL: url,
      RELAY_DATABASE_URLS: url,
      KAFKA_BROKERS: 'somewhere:9092',
      CONNECT_URL: 'http://somewhere',
      GATEWAY_URL: 'http://somewhere',
      SMTP_URL: 'smtp://somewhere',
      SIMULATOR_DATA_DIR: 'somewhere',
      MAIL_DIR: 'somewhere',
      // make and Compose alone have defaults for keys.
      API_KEYS: 'sk_somebody=0190a000-0000-7000-8000-000000000001',
      OPS_API_KEYS: 'sk_somebody=somebody',
      GATEWAY_API_KEY: 'sk_somebody',
    }
    for (const [name, value] of Object.entries(asked)) vi.stubEnv(name, value)
    const taken = new Map<string, unknown>(
      [
        readOrderConfig(),
        readPaymentConfig(),
        readNotificationConfig(),
        readRelayConfig(),
        (await import('../../apps/simulators/gateway/config.ts')).config,
        (await import('../../apps/simulators/mail/config.ts')).config,
      ].flatMap((config) => Object.entries(config)),
    )
    const compared = [...example]
      .filter(([name, value]) => name !== 'PORT' && value !== '' && taken.has(name))
      .filter(([name]) => !Object.entries(asked).some(([given, value]) => given === name && value !== undefined))
      .map(([name, value]) => [name, value, String(taken.get(name))] as const)
    expect(compared.length).toBeGreaterThan(20)
    expect(compared.filter(([, said, is]) => said !== is)).toEqual([])
  })
})

/** As GitHub makes it of a heading. */
const slug = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .trim()
    .replaceAll(' ', '-')
