import { z } from 'zod'
import { plan } from './plan.ts'

/** PostgreSQL has 150 connections, a slot takes three, and the services need some. */
export const maxSlots = 32

const command = z.object({
  /** Connection strings by role. */
  urls: z.object({ order_service: z.url(), payment_service: z.url(), notification_service: z.url() }),
  /** Orders at one time. */
  slots: z.int().min(1).max(maxSlots),
  seconds: z.number().positive(),
  /** Of each slot, before anything is timed: statements are planned, code is compiled. */
  warmUpOrders: z.int().min(0),
  /** Each order follows the next of them. */
  plans: z.array(plan).min(1).readonly(),
})

/** What a process of the replay is told, as JSON in one line. */
export type Command = z.output<typeof command>

const replayed = z.object({
  orders: z.int(),
  firstBeginAtMs: z.number(),
  lastCommitAtMs: z.number(),
  faults: z.array(z.string()),
})

/** What it has done, as JSON in one line. */
export type Replayed = z.output<typeof replayed>

export const parseCommand = (line: string): Command => command.parse(JSON.parse(line))
export const parseReplayed = (line: string): Replayed => replayed.parse(JSON.parse(line))
