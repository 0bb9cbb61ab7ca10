import { z } from 'zod'
import { env, readConfig } from '../../../apps/shared/runtime/config.ts'

/** Of the environment of the service that this process is. */
export function readBrokers(): readonly string[] {
  return readConfig(z.object({ KAFKA_BROKERS: env.brokers() })).KAFKA_BROKERS
}
