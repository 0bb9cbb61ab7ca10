import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { Kysely } from 'kysely'
import { currencyCode, minorUnits } from '#contracts'
import {
  authenticate,
  authenticateOperator,
  failure,
  type HttpApp,
  type HttpEnv,
  json,
  type Keyring,
  sendJson,
} from '#runtime'
import type { PaymentDatabase } from '../tables.ts'
import { accounts, kinds, memoAccounts, type TransferKind } from './ledger.ts'
import { type Entry, entriesOf, type TrialBalance, trialBalance } from './ledger-store.ts'

export interface LedgerHttpOptions {
  readonly db: Kysely<PaymentDatabase>
  /** Merchants, for the entries of their own orders. */
  readonly apiKeys: Keyring
  /** Operators, for the balances of all merchants together. */
  readonly operatorKeys: Keyring
}

/** What is in the books. Nobody writes in them over HTTP. */
export function ledgerRoutes({ db, apiKeys, operatorKeys }: LedgerHttpOptions): HttpApp {
  const app: HttpApp = new OpenAPIHono<HttpEnv>()
  app.use('/ledger/entries', authenticate(apiKeys))
  app.use('/ledger/trial-balance', authenticateOperator(operatorKeys))
  app.openapi(entriesRoute, async (c) => {
    const { orderId, limit, cursor = 0 } = c.req.valid('query')
    const merchantId = c.get('merchantId')
    // One more than asked for tells whether there is another page.
    const found = await entriesOf(db, { merchantId, orderId, after: cursor, limit: limit + 1 })
    const page = found.slice(0, limit)
    const last = page.at(-1)
    const next = found.length > limit && last !== undefined ? { nextCursor: last.number } : {}
    return sendJson(c, { data: page.map(representEntry), ...next }, { status: 200 })
  })
  app.openapi(balanceRoute, async (c) => sendJson(c, represent(await trialBalance(db)), { status: 200 }))
  return app
}

const pageMaxEntries = 200

const kindNames = z.enum(Object.keys(kinds).filter(isKind))
function isKind(name: string): name is TransferKind {
  return Object.hasOwn(kinds, name)
}

const entryBody = z
  .object({
    number: z.int().meta({ description: 'Of its order, from 1 without a gap' }),
    kind: kindNames,
    debitAccount: z.enum(accounts),
    creditAccount: z.enum(accounts),
    amountMinor: minorUnits,
    currency: currencyCode,
    cause: z.string().meta({ description: 'The payment intent, the refund, or the id of what was decided' }),
    at: z.iso.datetime(),
    hash: z.string().meta({ description: 'Over the entry before it and this one' }),
    block: z.int().optional().meta({ description: 'The height of the block that seals it, after a second or so' }),
  })
  .openapi('LedgerEntry')
type EntryBody = z.output<typeof entryBody>

const representEntry = ({ at, block, ...entry }: Entry): EntryBody => ({
  ...entry,
  at: at.toISOString(),
  ...(block === null ? {} : { block: Number(block) }),
})

const total = { debitMinor: minorUnits, creditMinor: minorUnits }
const accountBody = z.object({
  account: z.enum(accounts),
  currency: currencyCode,
  memo: z.boolean().meta({ description: 'Nobody’s money has moved yet: holds' }),
  ...total,
  balanceMinor: z.bigint().openapi({ type: 'integer', description: 'Debits less credits' }),
})
const balanceBody = z
  .object({
    accounts: z.array(accountBody).meta({ description: 'Every account in every currency that was ever posted' }),
    totals: z.array(
      z.object({ currency: currencyCode, ...total, balanceMinor: accountBody.shape.balanceMinor }).openapi({
        description: 'Of all accounts in one currency: the balance is 0',
      }),
    ),
    sealed: z
      .object({ height: z.int(), hash: z.string(), at: z.iso.datetime() })
      .optional()
      .meta({ description: 'The last block' }),
    unsealedTransfers: z.int().meta({ description: 'Since then; they are counted in' }),
  })
  .openapi('TrialBalance')
type BalanceBody = z.output<typeof balanceBody>

function represent({ sums, sealed, unsealedTransfers }: TrialBalance): BalanceBody {
  const currencies = [...new Set(sums.map(({ currency }) => currency))].toSorted()
  const lines = currencies.flatMap((currency) =>
    accounts.map((account) => {
      const { debitMinor, creditMinor } =
        sums.find((sum) => sum.currency === currency && sum.account === account) ?? zero
      return { account, currency, memo: memoAccounts.includes(account), ...balanced({ debitMinor, creditMinor }) }
    }),
  )
  return {
    accounts: lines,
    totals: currencies.map((currency) => {
      const own = lines.filter((line) => line.currency === currency)
      const debitMinor = own.reduce((sumMinor, line) => sumMinor + line.debitMinor, 0n)
      const creditMinor = own.reduce((sumMinor, line) => sumMinor + line.creditMinor, 0n)
      return { currency, ...balanced({ debitMinor, creditMinor }) }
    }),
    ...(sealed === undefined
      ? {}
      : { sealed: { height: Number(sealed.height), hash: sealed.hash, at: sealed.at.toISOString() } }),
    unsealedTransfers: Number(unsealedTransfers),
  }
}

const zero = { debitMinor: 0n, creditMinor: 0n } as const
const balanced = ({ debitMinor, creditMinor }: { readonly debitMinor: bigint; readonly creditMinor: bigint }) => ({
  debitMinor,
  creditMinor,
  balanceMinor: debitMinor - creditMinor,
})

const unavailable = failure('Not available now: send the same request again, after `Retry-After` seconds')

const entriesRoute = createRoute({
  method: 'get',
  path: '/ledger/entries',
  summary: 'What was posted for an order',
  request: {
    query: z.object({
      orderId: z.uuid().toLowerCase(),
      limit: z.coerce.number().int().min(1).max(pageMaxEntries).default(50),
      cursor: z.coerce.number().int().min(0).optional(),
    }),
  },
  responses: {
    200: json(
      z.object({ data: z.array(entryBody), nextCursor: z.int().optional() }).openapi('LedgerEntries'),
      'In the order of posting; empty for an order that is not known (yet). `nextCursor` while there are more',
    ),
    400: failure('The request is not valid; `errors` names the fields'),
    401: failure('No valid API key'),
    503: unavailable,
  },
})

const balanceRoute = createRoute({
  method: 'get',
  path: '/ledger/trial-balance',
  summary: 'Debits, credits and balance of every account, of all merchants',
  responses: { 200: json(balanceBody, 'As of now'), 401: failure('No valid key of an operator'), 503: unavailable },
})
