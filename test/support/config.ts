import { z } from 'zod'

/**
 * What fast-check draws from: the same in every run, so that a change is rejected only for what it changes. To look
 * further, `FC_SEED=7 make test PROJECT=unit`, with any integer.
 */
export const propertySeed = z.coerce.number().int().default(1).parse(process.env['FC_SEED'])

/**
 * How much slower this machine is than the one that limits were chosen on, at least 1. The vitest configuration measures it
 * once for a run (`machine.ts`) and hands it to every worker; `TEST_SLOWNESS=4 make test` says it instead.
 */
export const slowness = z.coerce.number().min(1).max(100).default(1).parse(process.env['TEST_SLOWNESS'])

/** Where a run of several (`test/all.ts`) leaves its counts, in the place of a closing line of its own. */
export const countsFile = process.env['TEST_COUNTS']
