import { slowness } from './config.ts'

/** What a test waits for comes long before its limit: a limit costs time only when the test fails. */
const margin = 2

/**
 * A limit for what a test waits for, on this machine: what it is on the machine that the tests were written on, longer where
 * the processor time is less. Every limit of the tests comes from here.
 */
export const limitMs = (ms: number): number => Math.round(ms * margin * slowness)

/**
 * A time that is part of what is tested, a deadline or a session for instance: as it stands on a machine that is up to twice
 * as slow, which these times leave room for, and longer where the processes that have to keep it get still less processor time.
 */
export const scaledMs = (ms: number): number => Math.round(ms * Math.max(1, slowness / 2))
