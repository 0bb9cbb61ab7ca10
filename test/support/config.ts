import { z } from 'zod'

/**
 * What fast-check draws from: the same in every run, so that a change is rejected only for what it changes. To look
 * further, `FC_SEED=7 make test PROJECT=unit`, with any integer.
 */
export const propertySeed = z.coerce.number().int().default(1).parse(process.env['FC_SEED'])
