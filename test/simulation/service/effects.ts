import type { Vocabulary } from '#messaging'
import type { Emitted, Withdrawal } from '../../../apps/shared/messaging/decide/fold.ts'
import type { Answer } from '../../../apps/shared/messaging/effects/outcomes.ts'
import {
  bornLeased,
  type LeasedEffect,
  leaseSlackMs,
  newEffects,
} from '../../../apps/shared/messaging/transaction/effect-rows.ts'
import { handlerOf } from '../../../apps/shared/messaging/types/vocabulary.ts'
import type { Reply } from '../world/calls.ts'
import { Broken } from '../world/simulated.ts'
import type { EffectHost } from './effect-host.ts'

/** Sends a call, and hands back what the runner learns of it within its time. */
export type Call<V extends Vocabulary> = (
  leased: LeasedEffect<V>,
  timeoutMs: number,
  reply: (reply: Reply<V['outcome']>) => void,
) => void

interface EffectRow<V extends Vocabulary> {
  readonly id: string
  readonly lane: string
  readonly key: string
  readonly effect: V['effect']
  readonly idempotencyKey: string
  attempts: number
  leaseToken: number
  firstSentAt: number | undefined
  leasedUntil: number | undefined
  nextAt: number
  isUnknown: boolean
  outcome: V['outcome'] | undefined
}

interface Postponement<V extends Vocabulary> {
  readonly isUnknown: boolean
  readonly isUnsent: boolean
  readonly outcome: V['outcome'] | undefined
}

/** The table of effects and the runners of one service, by the rules of `effect-rows.ts`, `effect-calls.ts` and `outcomes.ts`. */
export class Effects<V extends Vocabulary> {
  readonly rows = new Map<string, EffectRow<V>>()
  readonly #service: EffectHost<V>
  readonly #call: Call<V>

  constructor(service: EffectHost<V>, call: Call<V>) {
    this.#service = service
    this.#call = call
    service.onWake.push(() => {
      for (const { leasedUntil, nextAt } of this.rows.values()) this.#lookAt(leasedUntil ?? nextAt)
    })
  }

  /** Takes back what has never been leased. */
  withdraw(withdrawals: readonly Withdrawal[]): readonly Pick<Emitted<V>, 'key' | 'effect' | 'cause'>[] {
    return withdrawals.flatMap(({ key, type }) =>
      [...this.rows.values()].flatMap(({ id, lane, effect, ...row }) => {
        if (row.key !== key || effect.type !== type || row.firstSentAt !== undefined) return []
        this.rows.delete(lane)
        return [{ key, effect, cause: { id, traceparent: '' } }]
      }),
    )
  }

  /** @returns those that are ours to call after the commit */
  insert(emitted: readonly Emitted<V>[]): readonly LeasedEffect<V>[] {
    if (emitted.length === 0) return []
    const service = this.#service
    const { newId, faults } = service.simulated
    const isFull = faults.strike('no room for calls')
    const now = service.clock()
    return newEffects(service.participant, emitted, () => !isFull).flatMap((one) => {
      const { lane, key, effect, idempotencyKey, isLeased } = one
      if (this.rows.has(lane)) throw new Broken('a lane holds two effects')
      const id = newId()
      const leasedUntil = isLeased ? now + this.#leaseMs(effect) : undefined
      this.rows.set(lane, {
        id,
        lane,
        key,
        effect,
        idempotencyKey,
        leasedUntil,
        attempts: Number(isLeased),
        leaseToken: Number(isLeased),
        firstSentAt: isLeased ? now : undefined,
        nextAt: now,
        isUnknown: false,
        outcome: undefined,
      })
      this.#lookAt(leasedUntil ?? now + faults.longMs(4))
      return isLeased ? [bornLeased(id, one)] : []
    })
  }

  begin(leased: readonly LeasedEffect<V>[]): void {
    for (const one of leased) this.#carryOut(one)
  }

  #leaseMs(effect: V['effect']): number {
    return handlerOf(this.#service.participant, effect.type).timeoutMs + leaseSlackMs
  }

  #lookAt(time: number): void {
    this.#service.at(time, () => this.#lease())
  }

  #lease(): void {
    const { life } = this.#service
    const now = this.#service.clock()
    for (const row of Array.from(this.rows.values())) {
      if (row.nextAt > now || (row.leasedUntil ?? 0) > now || this.#service.life !== life) continue
      row.leaseToken += 1
      row.attempts += 1
      row.firstSentAt ??= now
      row.leasedUntil = now + this.#leaseMs(row.effect)
      this.#lookAt(row.leasedUntil)
      this.#carryOut(this.#leased(row, now - row.firstSentAt))
    }
  }

  /** Back from its text. */
  #leased(row: EffectRow<V>, ageMs: number): LeasedEffect<V> {
    const { codec } = this.#service.participant
    const { id, key, idempotencyKey, leaseToken, attempts: attempt, isUnknown } = row
    const effect = codec.decode<V['effect']>(codec.encode(row.effect))
    const outcome = row.outcome && codec.decode<V['outcome']>(codec.encode(row.outcome))
    const none = { traceparent: '', lastError: null }
    return { ...none, id, key, effect, idempotencyKey, leaseToken, attempt, ageMs, isUnknown, outcome }
  }

  #carryOut(leased: LeasedEffect<V>): void {
    const service = this.#service
    const { effect, outcome, ageMs } = leased
    const handler = handlerOf(service.participant, effect.type)
    if (outcome !== undefined) return this.#settle(leased, { outcome, ends: true })
    if (ageMs >= handler.horizonMs) {
      return this.#settle(leased, { outcome: handler.gaveUp(effect), ends: true, gaveUp: true })
    }
    const { life, simulated } = service
    this.#call(leased, handler.timeoutMs, (reply) => {
      const goOn = () => {
        // Whoever called is dead; the answer reaches nobody.
        if (service.life === life) this.#learn(leased, reply)
      }
      if (simulated.faults.strike('a runner freezes, its answer comes after the lease')) {
        simulated.schedule.after(this.#leaseMs(effect) + simulated.faults.longMs(4), goOn)
      } else goOn()
    })
  }

  #learn(leased: LeasedEffect<V>, reply: Reply<V['outcome']>): void {
    if (reply.is === 'answer') return this.#settle(leased, { outcome: reply.outcome, ends: true })
    const isUnsent = reply.is === 'not performed' && leased.ageMs === 0
    const again = { isUnknown: reply.is === 'lost', isUnsent, outcome: undefined }
    const unknown = handlerOf(this.#service.participant, leased.effect.type).unknown?.(leased.effect)
    if (reply.is === 'not performed' || leased.isUnknown || unknown === undefined) this.#postpone(leased, again)
    else this.#settle(leased, { outcome: unknown, ends: false })
  }

  #settle(leased: LeasedEffect<V>, { outcome, ends, gaveUp = false }: Answer<V>): void {
    const service = this.#service
    const { id, key } = leased
    if (service.simulated.faults.strike('an outcome is refused by the database')) {
      this.#postpone(leased, { isUnknown: false, isUnsent: false, outcome: ends && !gaveUp ? outcome : undefined })
      return
    }
    const items = () => {
      if (!this.#takeOver(leased, ends)) return []
      return [{ key, input: outcome, cause: { id, traceparent: '' } }]
    }
    service.transact({ keys: [key], items })
  }

  /** Deletes or postpones the effect that is still leased as said. */
  #takeOver(leased: LeasedEffect<V>, ends: boolean): boolean {
    const row = this.#ours(leased)
    if (ends && row !== undefined) return this.rows.delete(row.lane)
    if (ends) return !this.#service.simulated.build.isFenced
    return this.#postpone(leased, { isUnknown: true, isUnsent: false, outcome: undefined })
  }

  #ours({ id, leaseToken }: LeasedEffect<V>): EffectRow<V> | undefined {
    return [...this.rows.values()].find((row) => row.id === id && row.leaseToken === leaseToken)
  }

  #postpone(leased: LeasedEffect<V>, { isUnknown, isUnsent, outcome }: Postponement<V>): boolean {
    const row = this.#ours(leased)
    if (row === undefined) return false
    row.leasedUntil = undefined
    // Longer than the library's pauses, as if runners were late: an outage would be nothing but attempts otherwise.
    row.nextAt = this.#service.clock() + 100 * 2 ** Math.min(row.attempts, 16)
    row.outcome = outcome
    row.isUnknown ||= isUnknown
    if (isUnsent) row.firstSentAt = undefined
    this.#lookAt(row.nextAt)
    return true
  }
}
