import { randomInt } from 'node:crypto'

const environment = process.env

if (!/^\d*$/.test(environment['SEED'] ?? '')) throw new Error('SEED is a number')

/** What is random in a run follows from it: SEED=… repeats it. */
export const seed = Number(environment['SEED'] || randomInt(1, 1_000_000_000))

/** FAULT=F1 runs that one, POINT=payment/effect.answered those failpoints whose name contains it. */
export const chosenFault = environment['FAULT'] ?? ''
export const chosenPoint = environment['POINT'] ?? ''
