import { expect, test } from 'vitest'
import { parseForm } from '../../../apps/simulators/gateway/stripe-api/form.ts'

test.each([
  ['', {}],
  ['amount=1200&currency=eur', { amount: '1200', currency: 'eur' }],
  ['metadata[orderId]=o1&metadata[a%20b]=%C3%BC', { metadata: { orderId: 'o1', 'a b': 'ü' } }],
  ['expand[0]=latest_charge&expand[1]=payment_method', { expand: ['latest_charge', 'payment_method'] }],
  ['expand[]=latest_charge&expand[]=payment_method', { expand: ['latest_charge', 'payment_method'] }],
  ['a[b][c]=1&a[b][d]=2', { a: { b: { c: '1', d: '2' } } }],
  ['a=1&a=2', { a: '2' }],
])('reads %s', (text, form) => {
  expect(parseForm(text)).toEqual(form)
})

test('takes __proto__ for a name like any other', () => {
  const form = parseForm('__proto__[polluted]=1&metadata[__proto__][polluted]=1')
  expect(Object.keys(form)).toEqual(['__proto__', 'metadata'])
  expect('polluted' in {}).toBe(false)
})

test('refuses what is nested too deep', () => {
  expect(() => parseForm(`a${'[b]'.repeat(10)}=1`)).toThrow(RangeError)
})
