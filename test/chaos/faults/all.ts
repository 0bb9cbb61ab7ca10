import type { Shop } from '../../support/system/shop.ts'
import { crashAt, crashPoints } from '../crash-points.ts'
import type { RoundOptions } from '../round.ts'
import { chosenPoint } from '../settings.ts'
import { poisoned, redrivenTwice } from './content.ts'
import { everythingAgain } from './duplicates.ts'
import { answerless, expiring, misbehaving, unreliable, unwell } from './gateway.ts'
import { brokerFrozen, brokerKilled, consumerFrozen, rebalanceStorm } from './kafka.ts'
import { brokerCut, databaseCut } from './network.ts'
import { participants } from './participants.ts'
import { postgresKilled, sessionsTerminated } from './postgres.ts'
import { coldStart, randomKills } from './processes.ts'
import { openReplicas } from './replicas.ts'

export interface Fault {
  /** Its number in docs/chaos.md. */
  readonly id: string
  readonly name: string
  /** A function prepares what it needs. */
  readonly plan: Plan | ((shop: Shop) => Promise<Plan>)
}

export interface Plan extends Omit<RoundOptions, 'name' | 'seed'> {
  /** Undoes what was prepared. */
  readonly close?: () => Promise<void>
}

/** Twice and a half of what a session lasts here. */
const frozenMs = 5_000

/** Some mistakes show only when the process has a history. */
const passages = [1, 2, 5]

/** A service that dies at every point where that makes a difference, one after the other. */
const crashes: readonly Fault[] = participants.flatMap((service) => {
  const names = crashPoints[service].filter((name) => `${service}/${name}`.includes(chosenPoint))
  if (names.length === 0) return []
  return passages.map((passage) => ({
    id: 'F15',
    name: `${service} dies at every point, passage ${passage}`,
    plan: {
      strike: crashAt(
        service,
        names.map((name) => ({ name, passage })),
      ),
    },
  }))
})

if (crashes.length === 0) throw new Error(`POINT=${chosenPoint} fits no failpoint`)

/** In this order, for some leave much behind. */
export const faults: readonly Fault[] = [
  { id: 'F1', name: 'PostgreSQL killed', plan: { strike: postgresKilled(2_000, 15_000) } },
  { id: 'F2', name: 'sessions terminated every second', plan: { strike: sessionsTerminated(60_000) } },
  { id: 'F3', name: 'database cut off, 5 s', plan: { strike: databaseCut(5_000) } },
  { id: 'F3', name: 'database cut off, 60 s', plan: { strike: databaseCut(60_000), perSecond: 3 } },
  { id: 'F5', name: 'broker killed', plan: { strike: brokerKilled(1_000, 10_000, 60_000) } },
  { id: 'F6', name: 'broker frozen', plan: { strike: brokerFrozen(frozenMs) } },
  { id: 'F6', name: 'consumers frozen', plan: { strike: consumerFrozen } },
  { id: 'F7', name: 'broker cut off', plan: { strike: brokerCut(5_000) } },
  { id: 'F8', name: 'rebalance storm', plan: { strike: rebalanceStorm(180_000), perSecond: 5 } },
  ...crashes,
  { id: 'F16', name: 'services killed at random', plan: { strike: randomKills(60_000) } },
  {
    id: 'F17',
    name: 'rolling restart',
    plan: async (shop) => {
      const { port, restartEach, close } = await openReplicas(shop)
      return { strike: restartEach, port, close: () => close(), failsNoRequest: true }
    },
  },
  { id: 'F18', name: 'gateway unwell', plan: { strike: misbehaving(unwell, 30_000) } },
  { id: 'F19', name: 'gateway without an answer', plan: { strike: misbehaving(answerless, 60_000) } },
  { id: 'F20', name: 'webhooks that cannot be relied on', plan: { strike: misbehaving(unreliable, 30_000) } },
  { id: 'F22', name: 'poison', plan: { strike: poisoned } },
  { id: 'F25', name: 'cancelled, paid and expired at once', plan: { strike: expiring(30_000), mayExpire: true } },
  { id: 'F29', name: 'redrive twice at once', plan: { strike: redrivenTwice } },
  { id: 'F30', name: 'cold starts in any order', plan: { strike: coldStart } },
  {
    id: 'F21',
    name: 'everything heard again',
    plan: { strike: everythingAgain(100_000), perSecond: 200 },
  },
]
