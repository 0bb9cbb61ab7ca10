import { readFile } from 'node:fs/promises'
import type { RelayConfig } from './config.ts'
import { type DesiredConnector, desiredConnector } from './connector.ts'

/** A database with outboxes, and the connector that reads it. */
export interface Database {
  /** As this process reaches it. */
  readonly url: string
  readonly desired: DesiredConnector
}

/** Throws when the template cannot be read. */
export async function readDatabases(config: RelayConfig): Promise<readonly Database[]> {
  const template = await readFile(config.CONNECTOR_TEMPLATE, 'utf8')
  return config.RELAY_DATABASE_URLS.map((url, index) => ({
    url,
    desired: desiredConnector(template, config.CONNECT_DATABASE_URLS?.[index] ?? url, config.CONNECTOR_POLL_MS),
  }))
}
