import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { classify, SomebodyWasFaster } from '#messaging'

const sqlState = (code: string) => Object.assign(new pg.DatabaseError('message', 7, 'error'), { code })
const system = (code: string) => Object.assign(new Error('connect'), { code })

describe('a failure', () => {
  it.each([
    ['22P02', 'content'],
    ['23505', 'content'],
    ['08006', 'infrastructure'],
    ['40001', 'infrastructure'],
    ['40P01', 'infrastructure'],
    ['42P01', 'infrastructure'],
    ['42501', 'infrastructure'],
    ['53300', 'infrastructure'],
    ['55P03', 'infrastructure'],
    ['57P01', 'infrastructure'],
    ['58030', 'infrastructure'],
    ['XX000', 'infrastructure'],
  ])('with SQLSTATE %s is %s', (code, failure) => {
    expect(classify(sqlState(code))).toBe(failure)
  })

  it.each(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND'])(
    'of the network, %s, is infrastructure',
    (code) => {
      expect(classify(system(code))).toBe('infrastructure')
    },
  )

  it.each([
    'Connection terminated unexpectedly',
    'timeout exceeded when trying to connect',
    'Query read timeout',
    'Client has encountered a connection error and is not queryable',
  ])('of node-postgres without a code is infrastructure: %s', (message) => {
    expect(classify(new Error(message))).toBe('infrastructure')
  })

  it('for want of a partition of the outbox is infrastructure: the relay is about to make one', () => {
    expect(classify(sqlState('23514'))).toBe('infrastructure')
    expect(classify(Object.assign(sqlState('23514'), { constraint: 'orders_total_is_positive' }))).toBe('content')
  })

  it('of a system call is infrastructure, whatever its code', () => {
    expect(classify(Object.assign(new Error('socket'), { code: 'EMFILE', syscall: 'socket' }))).toBe('infrastructure')
  })

  it('by a race is a conflict, and by a bug of ours content', () => {
    expect(classify(new SomebodyWasFaster('x'))).toBe('conflict')
    expect(classify(new TypeError('undefined is not a function'))).toBe('content')
    expect(classify('a string')).toBe('content')
  })
})
