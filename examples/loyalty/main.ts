import { startParticipant } from '#messaging'
import { runService } from '#runtime'
import { readLoyaltyConfig } from './config.ts'
import { loyaltyParticipant } from './saga.ts'

const config = readLoyaltyConfig()

await runService<unknown>({
  service: 'loyalty-service',
  settings: config,
  database: { url: config.LOYALTY_DATABASE_URL, poolMax: 5 },
  assemble: ({ db, log }) => ({
    join: (kafka) => startParticipant(loyaltyParticipant, { db, kafka, log }),
  }),
})
