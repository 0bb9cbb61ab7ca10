import type { Step } from '#messaging'
import { type Account, transfersOf } from '../../../apps/payment/ledger/ledger.ts'
import type { Payment } from '../../../apps/payment/vocabulary.ts'
import { Broken } from '../world/simulated.ts'

/** The payment service's own postings, in memory: what commits with a payment, and nothing else. */
export class Ledger {
  readonly #balances = new Map<string, bigint>()
  readonly #posted = new Set<string>()

  post(steps: readonly Step<Payment>[]): void {
    for (const { orderId, kind, cause, debit, credit, amountMinor } of steps.flatMap(transfersOf)) {
      const name = `${orderId} ${kind} ${cause}`
      if (this.#posted.has(name)) throw new Broken('a movement of money is posted twice')
      this.#posted.add(name)
      this.#add(`${orderId} ${debit}`, amountMinor)
      this.#add(`${orderId} ${credit}`, -amountMinor)
    }
  }

  /** Debits less credits. */
  balanceMinor(orderId: string, account: Account): bigint {
    return this.#balances.get(`${orderId} ${account}`) ?? 0n
  }

  #add(name: string, amountMinor: bigint): void {
    this.#balances.set(name, (this.#balances.get(name) ?? 0n) + amountMinor)
  }
}
