import { z } from 'zod'
import { createApp, createLogger, createReadiness, env, readConfig, runProcess } from '#runtime'

/** The process that lifecycle.test.ts starts and stops. */
const config = readConfig(
  z.object({
    PORT: env.port(),
    MODE: z.enum(['ordinary', 'hangs', 'fails', 'rejects', 'drains', 'lost', 'lost late']),
  }),
)
const service = 'lifecycle-service'
const log = createLogger({ service })
const readiness = createReadiness()
const app = createApp({ service, readiness, log })
const { promise: never } = Promise.withResolvers<void>()

app.get('/slow', async (c) => {
  log.info('slow request')
  await new Promise((resolve) => setTimeout(resolve, 200))
  return c.text('done')
})

await runProcess({
  service,
  port: config.PORT,
  log,
  readiness,
  app,
  drainMs: config.MODE === 'drains' ? 2_000 : 0,
  stopTimeoutMs: 1_000,
  start: (life) => {
    if (config.MODE === 'fails') throw new Error('no such topic')
    if (config.MODE === 'rejects') void Promise.reject(new Error('nobody caught me'))
    life.onStop('database', () => log.info('database closed'))
    if (config.MODE === 'lost') setTimeout(() => life.fail(new Error('hears nothing')))
    life.onStop('consumer', () => (config.MODE === 'hangs' ? never : log.info('consumer closed')))
    if (config.MODE === 'lost late') life.onStop('participant', () => life.fail(new Error('hears nothing')))
  },
})
