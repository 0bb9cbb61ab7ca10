import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { serviceNames } from '../../../infra/index.ts'
import { changedSettings, keepSettings, keptSettings } from '../../../infra/process/settings-digest.ts'
import { settingsReadBy } from '../../../infra/service-settings.ts'

describe('what a process was started with', () => {
  const settings = { LOG_LEVEL: 'info', API_KEYS: 'sk_live_secret=merchant' }

  it('is told from what it would be started with now, by name', () => {
    const kept = keptSettings.parse(JSON.parse(JSON.stringify(keepSettings(settings))))
    expect(changedSettings(kept, settings)).toEqual([])
    expect(changedSettings(kept, { ...settings, LOG_LEVEL: 'debug' })).toEqual(['LOG_LEVEL'])
    expect(changedSettings(kept, { LOG_LEVEL: 'info', DRAIN_MS: '1' })).toEqual(['API_KEYS', 'DRAIN_MS'])
    expect(changedSettings(kept, { ...settings, API_KEYS: '' })).toEqual(['API_KEYS'])
  })

  it('is kept without a value, and not as the same digest twice', () => {
    const [one, other] = [keepSettings(settings), keepSettings(settings)]
    expect(JSON.stringify(one)).not.toContain('sk_live_secret')
    expect(one.digests['API_KEYS']).not.toBe(other.digests['API_KEYS'])
  })
})

describe('the settings of a service', () => {
  const environment = { PAY_WITHIN_MS: '1', SMTP_URL: 'smtp://x', DRAIN_MS: '2', OTEL_SERVICE_NAME: 'x', PATH: '/bin' }

  it('are those that its own config.ts reads, and those of OpenTelemetry', async () => {
    expect(Object.keys(await settingsReadBy('order', environment))).toEqual([
      'PAY_WITHIN_MS',
      'DRAIN_MS',
      'OTEL_SERVICE_NAME',
    ])
    expect(Object.keys(await settingsReadBy('notification', environment))).toEqual([
      'SMTP_URL',
      'DRAIN_MS',
      'OTEL_SERVICE_NAME',
    ])
    expect(Object.keys(await settingsReadBy('relay', environment))).toEqual(['OTEL_SERVICE_NAME'])
  })

  it.each(serviceNames)('of %s are never none: each reads its port', async (name) => {
    expect(await settingsReadBy(name, { PORT: '1' })).toEqual({ PORT: '1' })
  })

  it('leave out none that .env.example describes', async () => {
    const example = await readFile(new URL('../../../.env.example', import.meta.url), 'utf8')
    const services = example.slice(example.indexOf('--- every service'))
    const names = [...services.matchAll(/^#? ?([A-Z][A-Z0-9_]+)=/gm)].map(([, name = '']) => name)
    const all = Object.fromEntries(names.map((name) => [name, 'x']))
    const read = new Set(
      (await Promise.all(serviceNames.map((name) => settingsReadBy(name, all)))).flatMap((found) => Object.keys(found)),
    )
    // Of a job of the image.
    expect(names.filter((name) => !read.has(name))).toEqual(['MIGRATIONS_DATABASE_URL'])
  })
})
