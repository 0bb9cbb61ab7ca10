import { expect, test } from 'vitest'
import { z } from 'zod'
import { ConfigurationError, env, parseConfig } from '#runtime'

const merchant = '018f4e7e-6a3b-7cc1-8f5a-2d1c3b4a5968'

test('names every variable that is missing or wrong, and no value', () => {
  const schema = z.object({ PORT: env.port(), API_KEYS: env.apiKeys(), DATABASE_URL: env.databaseUrl() })
  const wrong = { PORT: '70000', API_KEYS: 'sk_live_secret=nobody' }
  expect(() => parseConfig(schema, wrong)).toThrow(ConfigurationError)
  expect(() => parseConfig(schema, wrong)).toThrow(
    /PORT must be a port[^]*API_KEYS has an entry 1[^]*DATABASE_URL is missing/,
  )
  expect(() => parseConfig(schema, wrong)).not.toThrow(/sk_live_secret/)
})

test('takes an empty variable for a missing one', () => {
  expect(parseConfig(z.object({ PORT: env.port().default(3001) }), { PORT: '' })).toEqual({ PORT: 3001 })
})

test('reads API keys with their merchants', () => {
  const { API_KEYS } = parseConfig(z.object({ API_KEYS: env.apiKeys() }), {
    API_KEYS: `sk_test_one=${merchant}, sk_test_two=${merchant}`,
  })
  expect([...API_KEYS.keys()]).toEqual(['sk_test_one', 'sk_test_two'])
  expect(API_KEYS.get('sk_test_two')).toBe(merchant)
})

test('reads secrets that are in use at one time, and refuses what is none', () => {
  const schema = z.object({ SECRETS: env.secrets() })
  expect(parseConfig(schema, { SECRETS: 'whsec_one, whsec_two' }).SECRETS).toEqual(['whsec_one', 'whsec_two'])
  for (const SECRETS of ['whsec_one,', 'short', 'whsec one']) {
    expect(() => parseConfig(schema, { SECRETS })).toThrow('SECRETS must be secrets of 8 characters or more')
  }
})

test.each(['', '10s', '1.5', '-1', '601000'])('refuses %j as a duration of at most ten minutes', (LIMIT_MS) => {
  const schema = z.object({ LIMIT_MS: env.durationMs({ min: 0, max: 600_000 }) })
  expect(() => parseConfig(schema, { LIMIT_MS })).toThrow(/LIMIT_MS/)
})

test.each(['postgres:5432', 'http://127.0.0.1/orders', 'nonsense'])('refuses %j as the URL of a database', (url) => {
  expect(() => parseConfig(z.object({ URL: env.databaseUrl() }), { URL: url })).toThrow(
    /URL must be a URL such as postgresql:/,
  )
})
