import { expect, test } from 'vitest'
import { byteaArray, jsonbArray, textArray, uuidArray } from '#messaging'
import { filling, holds, template, templateOf } from '../../../bench/systems/postgres-only/substitution.ts'

const [order, event] = ['0190a000-0000-7000-8000-00000000000a', '0190a000-0000-7000-8000-00000000000b']
const [newOrder, newEvent] = ['0190ffff-ffff-7fff-bfff-fffffffffffa', '0190ffff-ffff-7fff-bfff-fffffffffffb']
const recorded = new Map([
  ['order', order],
  ['event', event],
])

const replayed = (value: unknown) => {
  // As it travels to the processes of the replay.
  const travelled: unknown = JSON.parse(JSON.stringify(templateOf(value, recorded)))
  return filling(template.parse(travelled))(
    new Map([
      ['order', newOrder],
      ['event', newEvent],
    ]),
  )
}

test.each([
  ['a text that is an id', order, newOrder],
  ['a text around an id', `pi_${order}/capture`, `pi_${newOrder}/capture`],
  ['several ids in one text', `${order} ${event} ${order}`, `${newOrder} ${newEvent} ${newOrder}`],
  ['members of an array', [event, null, 3], [newEvent, null, 3]],
  ['a binary array of ids', uuidArray([order, null, event]), uuidArray([newOrder, null, newEvent])],
  ['a binary array of texts', textArray([`Zoë/${order}`, '']), textArray([`Zoë/${newOrder}`, ''])],
  ['JSON in binary', jsonbArray([`{"id":"${event}"}`]), jsonbArray([`{"id":"${newEvent}"}`])],
])('fills in %s', (_, value, expected) => {
  expect(replayed(value)).toEqual(expected)
})

test.each([['{"a":1}'], [''], [7], [true], [null], [[]], [Buffer.from([0, 255])], [byteaArray([Buffer.from('sum')])]])(
  'leaves %j as it is',
  (value) => {
    expect(replayed(value)).toEqual(value)
  },
)

test('what one order was told does not show in that of the next', () => {
  const fill = filling(templateOf(uuidArray([order]), recorded))
  const first = fill(new Map([['order', newOrder]]))
  fill(new Map([['order', newEvent]]))
  expect(first).toEqual(uuidArray([newOrder]))
})

test('an id that nothing has said yet is a bug', () => {
  const fill = filling(templateOf(event, recorded))
  expect(() => fill(new Map([['order', newOrder]]))).toThrow('what event is')
})

test.each([[1n], [new Date()], [undefined], [{}], [[[1]]]])('refuses what it could not repeat', (value) => {
  expect(() => templateOf(value, recorded)).toThrow(TypeError)
})

test.each([[`a ${order}`], [[null, order]], [uuidArray([event, order])], [textArray([`a ${order}`])]])(
  'finds an id in what is sent',
  (value) => {
    expect(holds(value, order)).toBe(true)
    expect(holds(value, newOrder)).toBe(false)
  },
)
