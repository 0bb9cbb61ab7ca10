import type { Captured, Fact, GatewayAnswer, GatewayCall, Gone, Held } from '../../../apps/payment/vocabulary.ts'
import { attemptOf } from '../../support/payment/attempt.ts'
import type { Reply } from './calls.ts'
import { networkMax } from './faults.ts'
import { Broken, type Simulated } from './simulated.ts'

export interface GatewayRefund {
  readonly refundId: string
  readonly amountMinor: bigint
  readonly is: 'succeeded' | 'failed'
  readonly busyUntil: number
}

/** A payment intent as the gateway knows it. */
export interface Intent {
  readonly id: string
  readonly orderId: string
  readonly currency: string
  is: 'declined' | 'held' | 'captured' | 'cancelled' | 'expired'
  /** Held, or taken. */
  amountMinor: bigint
  capturedMinor: bigint
  readonly refunds: GatewayRefund[]
  expiresAt: number
  /** Until then it says no more than that it is at work. */
  busyUntil: number
}

/** What happened there that explains how an order ends. */
export type Deed =
  | 'declined'
  | 'another amount'
  | 'capture refused'
  | 'void refused'
  | 'refund failed'
  | 'let go by others'
  | 'captured by others'
  | 'objected'

interface Remembered {
  readonly at: number
  readonly intent: Intent
  readonly refund?: GatewayRefund
}

export interface Request {
  readonly call: GatewayCall
  readonly idempotencyKey: string
  readonly attempt: number
}

const hourMs = 60 * 60 * 1_000
const holdMs = 7 * 24 * hourMs
/** After that a key is new again, and so is what is asked for under it. */
const keysRememberedMs = 24 * hourMs
const code = 'card_declined'
const lost = { is: 'lost' } as const

/**
 * The gateway, as the port of payment has it: every call answers with what is true by now. Its record is the judge: it
 * knows of nobody's opinion, and only of money.
 */
export class Gateway {
  readonly intents: Intent[] = []
  readonly #deeds = new Map<string, Set<Deed>>()
  readonly #keys = new Map<string, Remembered>()
  readonly #simulated: Simulated
  #awayUntil = 0

  constructor(simulated: Simulated) {
    this.#simulated = simulated
  }

  did(orderId: string, deed: Deed): boolean {
    return this.#deeds.get(orderId)?.has(deed) ?? false
  }

  of(orderId: string): readonly Intent[] {
    return this.intents.filter((intent) => intent.orderId === orderId)
  }

  perform(request: Request): Reply<GatewayAnswer> {
    const { schedule, faults } = this.#simulated
    if (faults.strike('the gateway is away')) this.#awayUntil = schedule.now + faults.longMs(6)
    if (schedule.now < this.#awayUntil) return lost
    const { call } = request
    if (faults.strike('the gateway objects for good')) {
      this.#note(call.orderId, 'objected')
      return { is: 'answer', outcome: { type: 'GaveUp', reason: 'not_found', ...attemptOf(call) } }
    }
    const reply = this.#answer(request)
    this.#tell(`${call.type}: ${reply.is === 'answer' ? reply.outcome.type : reply.is}`)
    this.#simulated.judge()
    return reply
  }

  /** By an operator, at its dashboard. */
  letGo(intent: Intent): void {
    intent.is = 'cancelled'
    this.#note(intent.orderId, 'let go by others')
  }

  /** By an operator, at its dashboard: all that is left. */
  giveBack(intent: Intent, refundId: string): bigint {
    const amountMinor = leftMinor(intent)
    intent.refunds.push({ refundId, amountMinor, is: 'succeeded', busyUntil: 0 })
    return amountMinor
  }

  #answer(request: Request): Reply<GatewayAnswer> {
    const { call } = request
    if (call.type === 'Refund') return this.#refund(request, call)
    const intent = call.type === 'Authorise' ? this.#confirmed(request, call) : this.#known(call.paymentId)
    if (intent.is === 'held' && call.type === 'Capture') {
      if (this.#refuses(intent, 'capture')) return refused('capture')
      this.#capture(intent, call.amountMinor)
    }
    if (intent.is === 'held' && call.type === 'Void') {
      if (this.#refuses(intent, 'void')) return refused('void')
      intent.is = 'cancelled'
    }
    return intent.busyUntil > this.#simulated.schedule.now ? lost : { is: 'answer', outcome: truthOf(intent) }
  }

  #known(paymentId: string): Intent {
    const intent = this.intents.find(({ id }) => id === paymentId)
    if (intent === undefined) throw new Broken('the gateway is asked for what it has never made')
    return intent
  }

  #confirmed({ idempotencyKey }: Request, call: Extract<GatewayCall, { type: 'Authorise' }>): Intent {
    const known = this.#remembered(idempotencyKey)
    if (known !== undefined) return known.intent
    const { schedule, faults } = this.#simulated
    const { orderId, currency } = call
    const at = schedule.now
    const wantsAnother = faults.strike('another amount is held')
    if (wantsAnother) this.#note(orderId, 'another amount')
    const amountMinor = wantsAnother ? call.amountMinor / 2n : call.amountMinor
    const ms = faults.strike('a hold is short') ? 2 * hourMs + faults.longMs(6) : holdMs
    const isDeclined = faults.strike('the card is declined') || faults.strike('the card wants an authentication')
    const intent: Intent = {
      id: `pi_${this.intents.length + 1}`,
      orderId,
      currency,
      amountMinor,
      capturedMinor: 0n,
      refunds: [],
      is: isDeclined ? 'declined' : 'held',
      expiresAt: at + ms,
      busyUntil: this.#busyUntil(),
    }
    this.intents.push(intent)
    this.#keys.set(idempotencyKey, { at, intent })
    if (isDeclined) this.#note(orderId, 'declined')
    else this.#leaveToOthers(intent)
    return intent
  }

  /** Its bank, its clock, and whoever else has a key to it. */
  #leaveToOthers(intent: Intent): void {
    const { schedule, faults } = this.#simulated
    const whileHeld = (ms: number, act: () => void) =>
      schedule.after(ms, () => {
        if (intent.is !== 'held') return
        act()
        this.#tell(`the hold is ${intent.is}, not by us`)
        this.#simulated.judge()
      })
    if (faults.strike('the hold is voided from outside')) whileHeld(faults.longMs(), () => this.letGo(intent))
    if (faults.strike('the hold is captured from outside')) {
      whileHeld(faults.longMs(), () => {
        this.#note(intent.orderId, 'captured by others')
        this.#capture(intent, intent.amountMinor)
      })
    }
    whileHeld(intent.expiresAt - schedule.now, () => {
      intent.is = 'expired'
      this.#note(intent.orderId, 'let go by others')
    })
  }

  #capture(intent: Intent, amountMinor: bigint): void {
    if (amountMinor > intent.amountMinor) throw new Broken('more is captured than was held')
    intent.is = 'captured'
    intent.capturedMinor = amountMinor
    intent.busyUntil = this.#busyUntil()
  }

  #refund(request: Request, call: Extract<GatewayCall, { type: 'Refund' }>): Reply<GatewayAnswer> {
    const { refundId, amountMinor, orderId } = call
    const { schedule, faults } = this.#simulated
    const intent = this.#known(call.paymentId)
    const made =
      this.#remembered(request.idempotencyKey)?.refund ??
      (request.attempt > 1 ? intent.refunds.find((refund) => refund.refundId === refundId) : undefined)
    const isFailing = made === undefined && faults.strike('a refund fails')
    if (isFailing) this.#note(orderId, 'refund failed')
    if (made === undefined && amountMinor > leftMinor(intent)) throw new Broken('more is asked back than is left')
    // Whoever tries the rest of the money again under a new name may return it twice: that is for a person.
    if (made === undefined && isRest(refundId) && intent.refunds.some((refund) => isRest(refund.refundId))) {
      throw new Broken('the rest is asked back under a second name')
    }
    const busyUntil = this.#busyUntil()
    const refund = made ?? { refundId, amountMinor, is: isFailing ? 'failed' : 'succeeded', busyUntil }
    if (made === undefined) intent.refunds.push(refund)
    if (made === undefined) this.#keys.set(request.idempotencyKey, { at: schedule.now, intent, refund })
    return refund.busyUntil > schedule.now ? lost : { is: 'answer', outcome: truthOfRefund(refund) }
  }

  #remembered(key: string): Remembered | undefined {
    const known = this.#keys.get(key)
    return known !== undefined && this.#simulated.schedule.now - known.at < keysRememberedMs ? known : undefined
  }

  #busyUntil(): number {
    const { schedule, faults } = this.#simulated
    return faults.strike('the gateway has not finished yet') ? schedule.now + faults.longMs(networkMax + 3) : 0
  }

  /** Under the same key it refuses for ever what it has refused once. */
  #refuses({ orderId }: Intent, what: 'capture' | 'void'): boolean {
    if (this.did(orderId, `${what} refused`)) return true
    const isRefused = this.#simulated.faults.strike(`the ${what} is refused`)
    if (isRefused) this.#note(orderId, `${what} refused`)
    return isRefused
  }

  #note(orderId: string, deed: Deed): void {
    this.#deeds.set(orderId, (this.#deeds.get(orderId) ?? new Set()).add(deed))
  }

  #tell(what: string): void {
    this.#simulated.tell?.(`gateway: ${what}`)
  }
}

const isRest = (refundId: string): boolean => refundId.startsWith('release')

const refused = (operation: 'capture' | 'void') =>
  ({ is: 'answer', outcome: { type: 'Refused', operation, code } }) as const

/** What an intent's state says, to a call or to an operator. */
export function truthOf({ id: paymentId, is, amountMinor, capturedMinor, currency, expiresAt }: Intent): Fact {
  switch (is) {
    case 'declined':
      return { type: 'Refused', operation: 'authorise', code }
    case 'held':
      return {
        type: 'Held',
        paymentId,
        amountMinor,
        currency,
        expiresAt: new Date(expiresAt).toISOString(),
      } satisfies Held
    case 'captured':
      return { type: 'Captured', paymentId, amountMinor: capturedMinor, currency } satisfies Captured
    case 'cancelled':
    case 'expired':
      return { type: 'Gone', paymentId, because: is } satisfies Gone
  }
}

export function truthOfRefund({ is, refundId, amountMinor }: GatewayRefund): Fact {
  return is === 'succeeded'
    ? { type: 'RefundSucceeded', refundId, amountMinor }
    : { type: 'RefundFailed', refundId, code }
}

export const refundedMinor = ({ refunds }: Intent): bigint =>
  refunds.reduce((sumMinor, { is, amountMinor }) => (is === 'succeeded' ? sumMinor + amountMinor : sumMinor), 0n)
export const leftMinor = (intent: Intent): bigint => intent.capturedMinor - refundedMinor(intent)
