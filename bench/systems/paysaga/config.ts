import { z } from 'zod'
import { buildNames } from './builds.ts'

/** Which build of `builds.ts` this process is. */
export const buildName = z.enum(buildNames).parse(process.env['BENCH_BUILD'])
