import type { Kysely } from 'kysely'
import type { Log, Participant } from '#messaging'
import { notificationParticipant } from '../../../apps/notification/saga.ts'
import { type OrderCommands, orderCommands } from '../../../apps/order/commands.ts'
import { orderParticipant } from '../../../apps/order/saga.ts'
import type { OrderDatabase } from '../../../apps/order/tables.ts'
import { paymentParticipant } from '../../../apps/payment/saga.ts'
import { handleBatches } from '../../../apps/shared/messaging/consumer/consumer.ts'
import { startEffectRunner } from '../../../apps/shared/messaging/effects/effects.ts'
import type { KafkaMessage } from '../../../apps/shared/messaging/message/kafka-message.ts'
import { Troubles } from '../../../apps/shared/messaging/observability/troubles.ts'
import type { Vocabulary } from '../../../apps/shared/messaging/types/vocabulary.ts'
import type { ServiceSchema } from '../../../db/migrate.ts'
import { stripeGateway } from '../paysaga/instant-gateway.ts'
import { smtpMailer } from '../paysaga/instant-mailer.ts'
import { type Recorder, recordingDatabase } from './recorder.ts'

/** A service as it is, without HTTP, Kafka and a process of its own. */
export interface Service extends AsyncDisposable {
  readonly role: ServiceSchema
  /** Whose events it hears. */
  readonly hears: ServiceSchema
  /** One message, one transaction. The effects of it are called as soon as it has committed. */
  handle(message: KafkaMessage): Promise<void>
}

export interface RecordedServices extends AsyncDisposable {
  readonly commands: OrderCommands
  readonly all: readonly Service[]
}

/** The defaults of their configurations. */
const orderLimits = { payWithinMs: 15 * 60_000, captureWithinMs: 24 * 60 * 60_000 }
const paymentLimits = { gatewayTimeoutMs: 8_000 }

/** The three services in this process, on pools that are recorded. */
export function openRecordedServices(recorder: Recorder, urlOf: (role: ServiceSchema) => string): RecordedServices {
  const databaseOf = <Tables>(role: ServiceSchema): Kysely<Tables> =>
    recordingDatabase<Tables>(recorder, { role, url: urlOf(role) })
  const log = complainingLog(recorder)
  const orders = databaseOf<OrderDatabase>('order_service')
  const order = orderParticipant(orderLimits)
  const all = [
    join(order, { role: 'order_service', hears: 'payment_service', db: orders, log }),
    join(paymentParticipant(stripeGateway(), paymentLimits), {
      role: 'payment_service',
      hears: 'order_service',
      db: databaseOf('payment_service'),
      log,
    }),
    join(notificationParticipant(smtpMailer()), {
      role: 'notification_service',
      hears: 'order_service',
      db: databaseOf('notification_service'),
      log,
    }),
  ]
  return {
    commands: orderCommands(orders, order, log),
    all,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(all.map((service) => service[Symbol.asyncDispose]()))
    },
  }
}

interface Place extends Pick<Service, 'role' | 'hears'> {
  readonly db: Kysely<OrderDatabase> | Kysely<unknown>
  readonly log: Log
}

function join<V extends Vocabulary>(participant: Participant<V>, { role, hears, db, log }: Place): Service {
  const stopping = new AbortController()
  const { signal } = stopping
  const plain = { db, participant, log, troubles: new Troubles() }
  // With a runner effects are born leased, as in a service: no statement of an order looks for them.
  const caller = startEffectRunner(plain, signal)
  return {
    role,
    hears,
    handle: async (message) => {
      const [obstacle] = await handleBatches({ ...plain, caller }, [{ messages: [message], signal }])
      if (obstacle !== undefined) throw obstacle
    },
    [Symbol.asyncDispose]: async () => {
      stopping.abort()
      await caller.ended()
      await db.destroy()
    },
  }
}

/** On the happy way nothing is worth a warning. */
function complainingLog({ complaints }: Recorder): Log {
  const complain = (fields: object, message: string): void => {
    complaints.push('err' in fields ? `${message}: ${String(fields.err)}` : message)
  }
  return { debug: () => undefined, info: () => undefined, warn: complain, error: complain }
}
