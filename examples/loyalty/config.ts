import { z } from 'zod'
import { env, readConfig, serviceVariables } from '#runtime'

export function readLoyaltyConfig() {
  return readConfig(
    z.object({
      ...serviceVariables,
      PORT: env.port().default(3005),
      LOYALTY_DATABASE_URL: env.databaseUrl(),
    }),
  )
}
