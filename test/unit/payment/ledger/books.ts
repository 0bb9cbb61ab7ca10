import assert from 'node:assert/strict'
import { type Account, type Transfer, transfersOf } from '../../../../apps/payment/ledger/ledger.ts'
import type { Payment } from '../../../../apps/payment/vocabulary.ts'

/** An order's books, kept from its first transfer on, and held against the payment at every step. */
export class Books {
  readonly transfers: Transfer[] = []

  /** What one input has made of the payment. */
  post(before: Payment | undefined, after: Payment, cause: string): void {
    for (const transfer of transfersOf({ before, after, cause })) {
      assert.ok(transfer.amountMinor > 0n)
      const twice = this.transfers.find(({ kind, cause: of }) => kind === transfer.kind && of === transfer.cause)
      assert.equal(twice, undefined, `posted twice: ${transfer.kind} ${transfer.cause}`)
      this.transfers.push(transfer)
    }
    assert.ok(this.transfers.filter(({ kind }) => kind === 'capture').length <= 1)
    this.#agreeWith(after)
  }

  /** Debits less credits, of all currencies unless one is given. */
  balance(account: Account, currency?: string): bigint {
    return this.transfers
      .filter((transfer) => currency === undefined || transfer.currency === currency)
      .reduce((sumMinor, { debit, credit, amountMinor }) => {
        const debitMinor = debit === account ? amountMinor : 0n
        return sumMinor + debitMinor - (credit === account ? amountMinor : 0n)
      }, 0n)
  }

  #agreeWith({ position, currency }: Payment): void {
    const taken = position.at === 'taken' ? position : { capturedMinor: 0n, refundedMinor: 0n }
    const heldMinor = position.at === 'held' ? position.authorisedMinor : 0n
    const heldIn = position.at === 'held' ? (position.currency ?? currency) : currency
    assert.equal(this.balance('gateway_clearing', currency), taken.capturedMinor - taken.refundedMinor)
    assert.equal(this.balance('merchant_payable', currency), -taken.capturedMinor)
    assert.equal(this.balance('refunds', currency), taken.refundedMinor)
    assert.equal(this.balance('held', heldIn), heldMinor)
    assert.equal(this.balance('held'), heldMinor, 'nothing is held in another currency')
    assert.equal(this.balance('authorised'), -heldMinor)
    assert.equal(this.balance('fees'), 0n)
  }
}
