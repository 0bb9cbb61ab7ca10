import type { Vocabulary } from '#messaging'
import type { Blockage } from '../../../apps/shared/messaging/decide/fold.ts'
import type { Arrival } from '../../../apps/shared/messaging/message/arrival.ts'
import type { KafkaMessage } from '../../../apps/shared/messaging/message/kafka-message.ts'
import type { ParkingCause, ToPark } from '../../../apps/shared/messaging/parking/parking.ts'
import { nextAttempt } from '../../../apps/shared/messaging/parking/redriver.ts'
import { Broken } from '../world/simulated.ts'
import type { Service } from './service.ts'

interface ParkedKey {
  cause: ParkingCause
  attempts: number
  failingSince: number | undefined
  /** Undefined: dead. */
  nextAt: number | undefined
  readonly messages: Map<number, ToPark>
}

const firstAttemptMs: Readonly<Record<Blockage, number>> = {
  content: 1_000,
  undecodable: 1_000,
  gap: 1_000,
  'not-yet': 50,
}
const pauseMs = { firstMs: 200, maxMs: 60_000 }
/** Somebody looks at what is dead, and has it tried again. */
const redriveMs = 60 * 60 * 1_000

/** What is set aside by key, and tried again by version, by the rules of `parking.ts`, `parked-rows.ts` and `redriver.ts`. */
export class ParkedKeys<V extends Vocabulary> {
  readonly keys = new Map<string, ParkedKey>()
  readonly #service: Service<V>
  readonly #arrivalOf: (message: KafkaMessage) => Arrival<V>

  constructor(service: Service<V>, arrivalOf: (message: KafkaMessage) => Arrival<V>) {
    this.#service = service
    this.#arrivalOf = arrivalOf
    service.onWake.push(() => {
      for (const { nextAt } of this.keys.values()) if (nextAt !== undefined) this.#lookAt(nextAt)
    })
  }

  /** In the transaction that could not handle them. */
  park(messages: readonly ToPark[]): void {
    for (const one of messages) {
      const known = this.keys.get(one.key)
      const parked = known ?? this.#newKey(one)
      const there = parked.messages.get(one.version)
      if (there !== undefined && there.messageId !== one.messageId)
        throw new Broken('two events of one version are parked')
      parked.messages.set(one.version, one)
      this.#service.simulated.tell?.(`${this.#service.name}: parks ${one.type} ${one.version}: ${one.because}`)
    }
  }

  #newKey({ key, because }: ToPark): ParkedKey {
    const nextAt = this.#service.clock() + firstAttemptMs[because]
    const parked = { cause: because, attempts: 0, failingSince: undefined, nextAt, messages: new Map<number, ToPark>() }
    this.keys.set(key, parked)
    this.#lookAt(nextAt)
    return parked
  }

  #lookAt(time: number): void {
    this.#service.at(time, () => this.#tryAgain())
  }

  #tryAgain(): void {
    const { life } = this.#service
    for (const [key, { nextAt }] of this.keys) {
      if (nextAt === undefined || nextAt > this.#service.clock() || this.#service.life !== life) continue
      while (this.#tryFirst(key)) {
        // By version, until one is not handled.
      }
    }
  }

  /** @returns whether there may be more to handle */
  #tryFirst(key: string): boolean {
    const parked = this.keys.get(key)
    const first = parked && parked.messages.get(Math.min(...parked.messages.keys()))
    if (parked === undefined || first === undefined) return false
    const arrival = this.#arrivalOf(first.message)
    const verdicts = this.#service.transact({
      keys: [key],
      isFromTopic: true,
      items: () => [arrival],
      conclude: ([verdict]) => {
        if (verdict?.is === 'blocked') return
        parked.messages.delete(first.version)
        parked.attempts = 0
        parked.failingSince = undefined
        if (parked.messages.size === 0) this.keys.delete(key)
      },
    })
    const [verdict] = verdicts ?? []
    if (verdict === undefined) return false
    if (verdict.is === 'blocked') this.#count(parked, verdict.because)
    return verdict.is !== 'blocked'
  }

  #count(parked: ParkedKey, because: Blockage): void {
    const now = this.#service.clock()
    const isSame = parked.cause === because && parked.failingSince !== undefined
    parked.attempts = isSame ? parked.attempts + 1 : 1
    if (!isSame) parked.failingSince = now
    const { attempts, failingSince = now } = parked
    const { cause, delayMs } = nextAttempt(because, { attempts, ageMs: now - failingSince })
    parked.cause = cause
    // The library's pause is drawn by chance; this one is the longest of it.
    if (delayMs !== undefined) this.#again(parked, Math.min(pauseMs.maxMs, pauseMs.firstMs * 2 ** attempts))
    else this.#die(parked)
  }

  #again(parked: ParkedKey, ms: number): void {
    parked.nextAt = this.#service.clock() + ms
    this.#lookAt(parked.nextAt)
  }

  #die(parked: ParkedKey): void {
    parked.nextAt = undefined
    this.#service.simulated.tell?.(`${this.#service.name}: is dead until somebody redrives it`)
    parked.attempts = 0
    parked.failingSince = undefined
    this.#service.simulated.schedule.after(redriveMs, () => this.#again(parked, 0))
  }
}
