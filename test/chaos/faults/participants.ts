import { join } from 'node:path'
import { freePorts, openServices, type Services } from '../../../infra/index.ts'
import { kafkaClient, withAdmin } from '../../../infra/kafka/client.ts'
import { scaledMs } from '../../support/limits.ts'
import { environmentFor } from '../../support/system/layout.ts'
import type { Shop } from '../../support/system/shop.ts'

export const participants = ['order', 'payment', 'notification'] as const
export type ParticipantName = (typeof participants)[number]

/** As all rounds have it: a call that a crash cuts off is taken up after its lease, 7 s in place of 21, a mail after 11. */
export const roundSettings: Readonly<Record<string, string>> = {
  GATEWAY_TIMEOUT_MS: `${scaledMs(1_000)}`,
  SMTP_TIMEOUT_MS: `${scaledMs(1_000)}`,
}

/** Everybody's mails are looked for, and the sink drops the oldest of ten thousand otherwise. */
export const roomForMails = { MAIL_MAX_MESSAGES: '1000000' }

export const startAgain = (shop: Shop, name: ParticipantName, overrides: Readonly<Record<string, string>> = {}) =>
  shop.services.start(name, { ...roundSettings, ...overrides })

type Overrides = (name: ParticipantName) => Readonly<Record<string, string>>

async function restart(shop: Shop, overrides: Overrides): Promise<void> {
  for (const name of participants) {
    await shop.services.stop(name)
    await startAgain(shop, name, overrides(name))
  }
}

/** Strikes while all three run with these settings, and lets orders flow again under the usual ones. */
export async function withOverrides<Result>(
  shop: Shop,
  overrides: Overrides,
  strike: () => Promise<Result>,
): Promise<Result> {
  await restart(shop, overrides)
  try {
    return await strike()
  } finally {
    await restart(shop, () => ({}))
  }
}

/** A second process of each service, started by nobody yet. */
export async function secondOf(shop: Shop): Promise<{ services: Services; orderPort: number; paymentPort: number }> {
  const [order = 0, payment = 0, notification = 0] = await freePorts(participants.length)
  const services = openServices({
    // A folder of its own for logs and records: the processes are told apart by it.
    stack: { ...shop.stack, directory: join(shop.stack.directory, 'second') },
    ports: { ...shop.ports, order, payment, notification },
    profile: 'test',
    overrides: { ...environmentFor(shop.stack, shop.databases), ...roundSettings },
  })
  return { services, orderPort: order, paymentPort: payment }
}

/** Of a group that is not just sharing out its partitions. */
export const membersOf = (shop: Shop, service: ParticipantName): Promise<number> =>
  withAdmin(kafkaClient(shop.stack.endpoints.brokers), async (admin) => {
    const { groups } = await admin.describeGroups([`${service}-service`])
    const [group] = groups
    return group?.state === 'Stable' || group?.state === 'Empty' ? group.members.length : -1
  })
