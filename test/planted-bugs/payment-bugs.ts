import type { PlantedBug } from './planted-bug.ts'

const simulation = {
  file: 'test/simulation/simulation.test.ts',
  test: 'ends every saga where it may, whatever strikes',
}

/** Mistakes about money and the gateway. */
export const paymentBugs: readonly PlantedBug[] = [
  {
    name: 'an unknown outcome is asked for when the gateway has forgotten its key',
    file: 'apps/payment/saga.ts',
    edits: [['const horizonMs = 20 * 60', 'const horizonMs = 30 * 60']],
    caughtBy: simulation,
  },
  {
    name: 'a cancellation after the capture gives nothing back',
    file: 'apps/payment/decide/payment.ts',
    edits: [
      [
        "if (payment.position.at === 'gone' || payment.goal === 'release') return ignored",
        "if (payment.position.at !== 'held' || payment.goal === 'release') return ignored",
      ],
    ],
    caughtBy: simulation,
  },
  {
    name: 'a refund that has failed is tried again under a new key',
    file: 'apps/payment/decide/refunds.ts',
    edits: [
      [
        "return isAsked ? payment : inReview(payment, reviewOf('refund', 'refund_failed', { now, refundId }))",
        'return payment',
      ],
    ],
    caughtBy: simulation,
  },
  {
    name: 'a hold that others have let go of stays in the ledger',
    file: 'apps/payment/ledger/ledger.ts',
    edits: [
      [
        '...(was === undefined ? [] : [movementOf(ended, was, cause)]),',
        "...(was === undefined || after.position.at === 'gone' ? [] : [movementOf(ended, was, cause)]),",
      ],
    ],
    caughtBy: simulation,
  },
  {
    name: 'what was learned without a call leaves the call in its lane',
    file: 'apps/shared/messaging/transaction/decide-all.ts',
    edits: [['  if (work.settling) await deleteSettled(trx, fold.settled)\n', '']],
    caughtBy: {
      file: 'test/integration/payment/webhooks/gateway-events.test.ts',
      test: 'settles the call whose outcome is unknown',
    },
  },
  {
    name: 'a webhook is believed whoever has signed it',
    file: 'apps/payment/gateway/stripe/webhook-signature.ts',
    edits: [["if (ours.length === 0) return 'forged'", "if (ours.length === 0) return 'valid'"]],
    caughtBy: { file: 'test/integration/payment/webhooks/webhooks.test.ts', test: 'is refused, counted, and not kept' },
  },
  {
    name: 'a webhook that was recorded is believed for ever',
    file: 'apps/payment/gateway/stripe/webhook-signature.ts',
    edits: [["? 'valid' : 'stale'", "? 'valid' : 'valid'"]],
    caughtBy: { file: 'test/integration/payment/webhooks/webhooks.test.ts', test: 'is refused, counted, and not kept' },
  },
  {
    name: 'a refund is sent under another key',
    file: 'apps/payment/gateway/stripe/stripe-requests.ts',
    edits: [
      [
        "return this.#send(() => this.#stripe.refunds.create(params, this.#key('')))",
        "return this.#sendAnew('', (options) => this.#stripe.refunds.create(params, options))",
      ],
    ],
    caughtBy: { file: 'test/integration/payment/gateway/stripe-failures.test.ts', test: 'never under another key' },
  },
  {
    name: 'a reconciliation writes on although another process has its page',
    file: 'apps/payment/reconciliation/reconciliation-store.ts',
    edits: [
      ["where id = ${id} and fence = ${fence} and state = 'running' returning id", 'where id = ${id} returning id'],
    ],
    caughtBy: {
      file: 'test/integration/payment/reconciliation/reconciliation-crashes.test.ts',
      test: 'what it still writes does not count',
    },
  },
  {
    name: 'a payment is compared while a call of its own is under way',
    file: 'apps/payment/reconciliation/comparison.ts',
    edits: [["return operation.is === 'running' || ", 'return ']],
    caughtBy: { file: 'test/unit/payment/reconciliation/comparison.test.ts', test: 'while a call is under way' },
  },
  {
    name: 'what a page that died has repaired is counted again as matching',
    file: 'apps/payment/reconciliation/reconciliation.ts',
    edits: [['new Map(await verdictsOf(db, run, ids))', 'new Map()']],
    caughtBy: {
      file: 'test/integration/payment/reconciliation/reconciliation-crashes.test.ts',
      test: 'repairs nothing twice, and counts it once',
    },
  },
  {
    name: 'what was looked up before the payment moved is believed',
    file: 'apps/payment/reconciliation/reconciliation-pair.ts',
    edits: [['before?.version !== looked.version || ', '']],
    caughtBy: {
      file: 'test/integration/payment/reconciliation/reconciliation.test.ts',
      test: 'a payment that moves while it is looked up',
    },
  },
  {
    name: 'a second doubt takes the place of the first',
    file: 'apps/payment/decide/change.ts',
    edits: [['withReviews(payment, [...reviewsOf(payment), review])', 'withReviews(payment, [review])']],
    caughtBy: {
      file: 'test/model-check/product.test.ts',
      test: 'every decision on the way is the one of the hand-written tables',
    },
  },
]
