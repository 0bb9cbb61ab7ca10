import { ownJson } from '#contracts'
import { jsonbStore } from '#messaging'
import type { Points } from './points.ts'

export const points = jsonbStore<Points>('points', ownJson)
