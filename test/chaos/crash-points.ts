import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Shop } from '../support/system/shop.ts'
import { eventually } from './faults/eventually.ts'
import { type ParticipantName, startAgain } from './faults/participants.ts'
import type { Struck, World } from './round.ts'

const ofAll = ['decide.locked', 'decide.written', 'offsets.uncommitted', 'offsets.committed']
const ofWhoHears = [...ofAll, 'decide.committed']
const ofWhoCalls = [...ofWhoHears, 'effect.leased', 'effect.answered', 'effect.deleted']

/** Every failpoint that each service passes. */
export const crashPoints: { readonly [service in ParticipantName]: readonly string[] } = {
  order: [...ofWhoHears, 'placing.claimed', 'placing.committed', 'command.committed'],
  payment: [...ofWhoCalls, 'gateway.asked', 'gateway.answered', 'webhook.kept', 'event.found', 'event.decided'],
  notification: [...ofWhoCalls, 'mail.leaves'],
}

export interface CrashPoint {
  readonly name: string
  /** The passage at which the process dies: 1 for the first. */
  readonly passage: number
}

/**
 * The service dies at each of these points in turn, by its own hand, while orders flow: what starts again after one death
 * dies at the next point.
 */
export const crashAt =
  (name: ParticipantName, points: readonly CrashPoint[]) =>
  async ({ shop }: World): Promise<Struck> => {
    await shop.services.stop(name)
    for (const point of points) {
      const before = await timesReached(shop, name, point)
      // It may come to the point before it is ready: it has work to catch up with.
      const started = startAgain(shop, name, { FAILPOINT: `${point.name}:${point.passage}` }).catch(() => undefined)
      await eventually(async () => (await timesReached(shop, name, point)) > before)
      await eventually(async () => (await stateOf(shop, name)) === 'dead')
      await started
    }
    await startAgain(shop, name)
    const named = points.map((point) => `${point.name}:${point.passage}`).join(', ')
    return { how: `${name} died ${points.length} times, at ${named}`, healedAt: Date.now() }
  }

async function timesReached({ stack }: Shop, name: ParticipantName, point: CrashPoint): Promise<number> {
  const log = await readFile(join(stack.directory, 'logs', `${name}.log`), 'utf8')
  return log.split(`failpoint ${point.name} reached`).length - 1
}

const stateOf = async ({ services }: Shop, wanted: ParticipantName) =>
  (await services.status()).find(({ name }) => name === wanted)?.state
