import { z } from 'zod'
import { env, readConfig } from '#runtime'

/** One connection string or several, separated by commas, in the role `relay`. Several: one connector for each. */
const databaseUrls = z
  .string()
  .transform((text) => text.split(',').map((url) => url.trim()))
  .pipe(z.array(env.databaseUrl()).min(1))
  .refine((urls) => new Set(databasesOf(urls)).size === urls.length, {
    error: 'must name each database differently, for connectors and slots are called by that name',
  })

const databasesOf = (urls: readonly string[]): readonly string[] => urls.map((url) => new URL(url).pathname)

const variables = z
  .object({
    HOST: env.host().default('127.0.0.1'),
    PORT: env.port().default(3004),
    LOG_LEVEL: env.logLevel().default('info'),
    RELAY_DATABASE_URLS: databaseUrls,
    /** The same databases in the same order as Kafka Connect reaches them, where it reaches them by other addresses. */
    CONNECT_DATABASE_URLS: databaseUrls.optional(),
    CONNECT_URL: env.url('http', 'https'),
    /** Path of the connector's template. */
    CONNECTOR_TEMPLATE: z.string().default('infra/connect/outbox-connector.json'),
    /** How often the connector looks whether the write-ahead log has grown. */
    CONNECTOR_POLL_MS: z.coerce.number().int().min(1).max(1_000).default(5),
  })
  .refine(
    ({ RELAY_DATABASE_URLS: own, CONNECT_DATABASE_URLS: connects = own }) =>
      databasesOf(own).join() === databasesOf(connects).join(),
    { path: ['CONNECT_DATABASE_URLS'], error: 'must name the databases of RELAY_DATABASE_URLS, in their order' },
  )
export type RelayConfig = z.output<typeof variables>

export function readRelayConfig(): RelayConfig {
  return readConfig(variables)
}
