import type { Input } from '#messaging'
import type { OrderVocabulary } from '../../../apps/order/vocabulary.ts'
import type { Verdict } from '../../../apps/shared/messaging/decide/fold.ts'
import type { Service } from '../service/service.ts'
import { Broken, type Simulated } from './simulated.ts'

export const wishes = ['cancel', 'refund a part', 'refund all', 'refund too much', 'erase'] as const
export type Wish = (typeof wishes)[number]

const merchantId = '01990000-0000-7000-8000-00000000000a'
/** From the answer to the placing, or to the wish before: in mid-flow, or long after. */
const pausesMs = [0, 20, 60, 130, 250, 1_000, 5_000, 20 * 60_000, 26 * 3_600_000, 5 * 86_400_000] as const
const wishesMax = 4
const retryMs = { firstMs: 500, maxMs: 3_600_000 }
const triesMax = 60

type Answer = Verdict<OrderVocabulary>

/** Places an order, and wants things of it later. Sends again what was not answered, under the same key. */
export class Client {
  readonly orderId: string
  readonly totalMinor: bigint
  readonly wished: Wish[] = []
  /** What the order service has said yes to, in words of the client's own. */
  isPlaced = false
  isCancelled = false
  readonly refundIds: string[] = []
  isAnswered = true
  readonly #order: Service<OrderVocabulary>
  readonly #simulated: Simulated
  /** The kept answers of the order service, by key. */
  readonly #kept = new Map<string, Answer>()

  constructor(orderId: string, order: Service<OrderVocabulary>) {
    this.orderId = orderId
    this.#order = order
    this.#simulated = order.simulated
    this.totalMinor = BigInt(100 + this.#simulated.choices.upTo(9_900, 'total'))
  }

  start(): void {
    const { orderId, totalMinor } = this
    const place: Input<OrderVocabulary> = {
      type: 'PlaceOrder',
      orderId,
      merchantId,
      currency: 'EUR',
      totalMinor,
      items: [{ sku: 'lamp', quantity: 1, unitPriceMinor: totalMinor }],
      customer: { email: 'ada@example.com', name: 'Ada' },
      paymentMethod: 'pm_card_visa',
    }
    this.#ask(place, () => {
      this.isPlaced = true
      this.#wish(this.#simulated.choices.upTo(wishesMax, 'how many wishes'))
    })
  }

  #wish(left: number): void {
    if (left === 0) return
    const { choices, schedule } = this.#simulated
    const wish = wishes[choices.upTo(wishes.length - 1, 'wish')] ?? 'cancel'
    schedule.after(pausesMs[choices.upTo(pausesMs.length - 1, 'how long until a wish')] ?? 0, () => {
      this.wished.push(wish)
      this.#simulated.tell?.(`client: wants to ${wish}`)
      const input = this.#inputOf(wish)
      this.#ask(input, (answer) => {
        const isGranted = answer.is === 'applied' || (answer.is === 'ignored' && answer.because === 'duplicate')
        if (isGranted && input.type === 'CancelOrder') this.isCancelled = true
        if (isGranted && input.type === 'RequestRefund') this.refundIds.push(input.refundId)
        this.#wish(left - 1)
      })
    })
  }

  #inputOf(wish: Wish): Input<OrderVocabulary> {
    if (wish === 'cancel') return { type: 'CancelOrder' }
    if (wish === 'erase') return { type: 'EraseCustomer' }
    const refund = { type: 'RequestRefund', refundId: this.#simulated.newId() } as const
    if (wish === 'refund all') return refund
    return { ...refund, amountMinor: wish === 'refund a part' ? this.totalMinor / 3n : this.totalMinor + 1n }
  }

  #ask(input: Input<OrderVocabulary>, answered: (answer: Answer) => void): void {
    const { faults, schedule, newId } = this.#simulated
    const key = newId()
    this.isAnswered = false
    const attempt = (tries: number): void => {
      const answer = this.#handled(key, input)
      if (answer !== undefined && !isNotFound(answer) && !faults.strike('a client hears no answer')) {
        this.isAnswered = true
        return answered(answer)
      }
      if (tries === triesMax) throw new Broken('a client gets no answer')
      const pauseMs = Math.min(retryMs.maxMs, retryMs.firstMs * 2 ** tries)
      schedule.after(pauseMs, () => this.#order.at(this.#order.clock(), () => attempt(tries + 1)))
    }
    this.#order.at(this.#order.clock(), () => attempt(0))
  }

  /** Claim, decision and kept answer commit together. */
  #handled(key: string, input: Input<OrderVocabulary>): Answer | undefined {
    const kept = this.#kept.get(key)
    if (kept !== undefined) return kept
    const item = { key: this.orderId, input, cause: { id: key, traceparent: '' } }
    const verdicts = this.#order.transact({
      keys: [this.orderId],
      items: () => [item],
      conclude: ([answer]) => {
        if (answer !== undefined && !isNotFound(answer)) this.#kept.set(key, answer)
      },
    })
    return verdicts?.[0]
  }
}

/** Over HTTP a 404, of which nothing is kept. */
const isNotFound = (answer: Answer): boolean => answer.is === 'refused' && answer.because === 'order_not_found'
