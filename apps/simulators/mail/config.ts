import { z } from 'zod'
import { env, readConfig } from '#runtime'

const mebibyte = 1024 * 1024

export const config = readConfig(
  z.object({
    PORT: env.port().default(3026),
    SMTP_PORT: env.port().default(3025),
    HOST: env.host().default('127.0.0.1'),
    LOG_LEVEL: env.logLevel().default('info'),
    MAIL_DIR: env.directory(),
    /** Beyond either limit the oldest message is dropped. */
    MAIL_MAX_MESSAGES: env.count({ min: 1, max: 1_000_000 }).default(10_000),
    MAIL_MAX_BYTES: env.count({ min: mebibyte, max: 1024 * 1024 * mebibyte }).default(256 * mebibyte),
  }),
)
