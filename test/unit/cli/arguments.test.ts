import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { choose } from '../../../infra/cli/support/arguments/choice.ts'
import { parseConsumption } from '../../../infra/cli/support/arguments/consumption.ts'
import { nearest } from '../../../infra/cli/support/arguments/nearest.ts'
import { causes, parseRedrive } from '../../../infra/cli/support/arguments/redrive-request.ts'
import { UsageError } from '../../../infra/cli/support/failure.ts'
import { firstOrder, readOrderFile } from '../../../infra/cli/support/order/order-file.ts'

const order = '01a2043a-493a-7887-84cb-3baaeb76c172'

describe('the nearest name', () => {
  it.each([
    ['FLIE', 'FILE'],
    ['paymnt', 'payment'],
    ['ORDER', 'order'],
    ['notifications', 'notification'],
    ['LOGLEVEL', 'LOG_LEVEL'],
  ])('to %s is %s', (name, meant) => {
    expect(nearest(name, ['FILE', 'payment', 'order', 'notification', 'LOG_LEVEL'])).toBe(meant)
  })

  it.each(['x', 'warehouse', ''])('to %j is none', (name) => {
    expect(nearest(name, ['S', 'N', 'payment', 'order'])).toBeUndefined()
  })
})

describe('a choice', () => {
  const known = ['order', 'payment']

  it('is what was given', () => {
    expect(choose({ variable: 'DB', value: 'payment', known })).toBe('payment')
  })

  it('is refused with what there is, and what was probably meant', () => {
    expect(() => choose({ variable: 'DB', value: 'odrer', known })).toThrow(
      new UsageError('DB=odrer does not exist. Did you mean order? There are: order, payment.'),
    )
    expect(() => choose({ variable: 'DB', value: '', known })).toThrow('DB is missing. There are: order, payment.')
  })
})

describe('make consume', () => {
  const parse = (from: string, count = '') => parseConsumption({ topic: 'order.events', from, count })

  it('begins at the beginning, at an offset or at a time', () => {
    expect(parse('')).toEqual({ start: { is: 'beginning' }, limit: Number.POSITIVE_INFINITY })
    expect(parse('17', '3')).toEqual({ start: { is: 'offset', offset: 17n }, limit: 3 })
    expect(parse('1970-01-01T00:00:01Z').start).toEqual({ is: 'time', timeMs: 1_000 })
  })

  it.each([
    ['soon', '', 'FROM=soon is neither an offset nor a time'],
    ['', '0', 'N=0 is not a number of messages'],
    ['', 'all', 'N=all is not a number of messages'],
  ])('refuses FROM=%s N=%s', (from, count, message) => {
    expect(() => parse(from, count)).toThrow(message)
  })

  it('wants a topic', () => {
    expect(() => parseConsumption({ topic: '', from: '', count: '' })).toThrow('Say which topic')
  })
})

describe('make redrive', () => {
  const given = { service: '', key: '', cause: '', reason: '', dry: '', discard: '' }

  it('shows everything unless a reason is given', () => {
    expect(parseRedrive(given)).toMatchObject({
      services: ['order', 'payment', 'notification'],
      does: 'show',
      filter: {},
    })
    expect(parseRedrive({ ...given, reason: 'fixed', service: 'payment' })).toMatchObject({
      services: ['payment'],
      does: 'redrive',
      isDry: false,
    })
    expect(
      parseRedrive({ ...given, reason: 'hopeless', key: order.toUpperCase(), discard: '1', dry: '1' }),
    ).toMatchObject({
      does: 'discard',
      filter: { key: order },
      isDry: true,
    })
  })

  it.each([
    [{ service: 'paymnt' }, 'S=paymnt does not exist. Did you mean payment?'],
    [{ key: '7' }, 'KEY=7 is not the id of an order'],
    [{ cause: 'contnet' }, 'CAUSE=contnet does not exist. Did you mean content?'],
    [{ dry: '1' }, 'Say why'],
    [{ key: order, discard: '1' }, 'Say why'],
    [{ reason: 'all of it', discard: '1' }, 'DISCARD=1 wants a KEY or a CAUSE'],
  ])('refuses %j', (wrong, message) => {
    expect(() => parseRedrive({ ...given, ...wrong })).toThrow(message)
  })

  it('knows the causes that the services know', async () => {
    const routes = await readFile(new URL('../../../apps/shared/runtime/http/operations.ts', import.meta.url), 'utf8')
    expect(routes).toContain(`z.enum([${causes.map((cause) => `'${cause}'`).join(', ')}])`)
  })
})

describe('the file of an order', () => {
  it('holds one, or a list of which the first is taken', () => {
    expect(firstOrder('{"a":1}', 'f')).toEqual({ a: 1 })
    expect(firstOrder('[{"a":1},{"a":2}]', 'f')).toEqual({ a: 1 })
  })

  it.each(['[]', '7', 'null', '"order"', '[7]'])('%s holds none', (text) => {
    expect(() => firstOrder(text, 'mine.json')).toThrow('FILE=mine.json holds no order')
  })

  it('is named when it is not there, no file, or no JSON', async () => {
    await expect(readOrderFile('no/such.json')).rejects.toThrow(
      'FILE=no/such.json cannot be read: there is no such file.',
    )
    await expect(readOrderFile('/')).rejects.toThrow('FILE=/ cannot be read: it is a folder.')
    expect(() => firstOrder('{', 'mine.json')).toThrow('FILE=mine.json is not JSON:')
  })
})
