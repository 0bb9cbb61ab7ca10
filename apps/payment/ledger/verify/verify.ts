import { z } from 'zod'
import { digestOf, hashOfBlock, hashOfTransfer, type Transfer } from './hashes.ts'
import type { LedgerRows, SealedBlock } from './rows.ts'

export interface Verdict {
  readonly transfers: bigint
  readonly blocks: bigint
  readonly unsealed: bigint
  /** The last block, to be kept where no administrator of the database reaches. */
  readonly head: Head | undefined
  /** The first transfer, the first block and the first payment that do not fit, in words. Empty: all fits. */
  readonly flaws: readonly string[]
}

export interface Head {
  readonly height: bigint
  /** In hexadecimal digits. */
  readonly hash: string
}

/**
 * Recomputes every chain and every block from what stands in the rows.
 * @param known a block as somebody has written it down before: it shows a ledger that was rewritten to its end
 */
export async function verifyLedger(rows: LedgerRows, known?: Head): Promise<Verdict> {
  const chains = await followChains(rows)
  const seals = await followBlocks(rows, known)
  const unsealed = await rows.unsealed()
  const disagreement = await rows.disagreement()
  return {
    transfers: chains.count,
    blocks: seals.head?.height ?? 0n,
    unsealed,
    head: seals.head,
    flaws: [chains.flaw, seals.flaw, disagreement].filter((flaw) => flaw !== undefined),
  }
}

const nothing = Buffer.alloc(0)

async function followChains(rows: LedgerRows): Promise<{ count: bigint; flaw: string | undefined }> {
  let last: Transfer | undefined
  let count = 0n
  for await (const transfer of rows.transfers()) {
    const previous = last?.orderId === transfer.orderId ? last : undefined
    const number = (previous?.number ?? 0) + 1
    if (transfer.number !== number) {
      return { count, flaw: `transfer ${number} of order ${transfer.orderId} is missing` }
    }
    if (!hashOfTransfer(previous?.hash ?? nothing, transfer).equals(transfer.hash)) {
      return { count, flaw: `${nameOf(transfer)} was changed: its hash is of something else` }
    }
    count += 1n
    last = transfer
  }
  return { count, flaw: undefined }
}

const nameOf = ({ number, orderId, kind, amountMinor, currency }: Transfer): string =>
  `transfer ${number} of order ${orderId}, ${kind} ${amountMinor} ${currency},`

async function followBlocks(rows: LedgerRows, known: Head | undefined) {
  const totals = new Totals()
  let last: SealedBlock | undefined
  let head: Head | undefined
  for await (const block of rows.blocks()) {
    for (const transfer of block.sealed) totals.add(transfer)
    const flaw = flawOf(block, last, totals) ?? unlikeKnown(block, known)
    if (flaw !== undefined) return { head, flaw }
    head = { height: block.height, hash: block.hash.toString('hex') }
    last = block
  }
  const lost = known !== undefined && known.height > (head?.height ?? 0n)
  return { head, flaw: lost ? `block ${known.height} is missing` : undefined }
}

function flawOf(block: SealedBlock, last: SealedBlock | undefined, totals: Totals): string | undefined {
  const { height, transfers, sealed, digest, hash } = block
  const next = (last?.height ?? 0n) + 1n
  if (height !== next) return `block ${next} is missing`
  if (!hashOfBlock(last?.hash ?? nothing, block).equals(hash)) {
    return `block ${height} was changed: its hash is of something else`
  }
  if (BigInt(sealed.length) !== transfers) {
    return `block ${height} has sealed ${transfers} transfers, and now there are ${sealed.length}: ${listed(sealed)}`
  }
  if (!digestOf(sealed.map((transfer) => transfer.hash)).equals(digest)) {
    return `block ${height} has sealed other transfers than there are now: ${listed(sealed)}`
  }
  return totals.are(block.totals) ? undefined : `block ${height} has other totals than its transfers add up to`
}

/** Enough to find the place. */
const listedMax = 5

function listed(transfers: readonly Transfer[]): string {
  const first = transfers.slice(0, listedMax).map(({ orderId, number }) => `${orderId} ${number}`)
  return [...first, ...(transfers.length > listedMax ? ['…'] : [])].join(', ')
}

function unlikeKnown({ height, hash }: SealedBlock, known: Head | undefined): string | undefined {
  if (known?.height !== height || known.hash === hash.toString('hex')) return undefined
  return `block ${height} is not the one that was written down`
}

const written = z.array(
  z.object({ account: z.string(), currency: z.string(), debitMinor: z.string(), creditMinor: z.string() }),
)

/** Debits and credits by account and currency, of all blocks until now. */
class Totals {
  readonly #sums = new Map<string, { debitMinor: bigint; creditMinor: bigint }>()

  add({ debit, credit, currency, amountMinor }: Transfer): void {
    this.#of(debit, currency).debitMinor += amountMinor
    this.#of(credit, currency).creditMinor += amountMinor
  }

  /** @param text the totals of a block */
  are(text: string): boolean {
    const lines = [...this.#sums].map(([name, { debitMinor, creditMinor }]) => `${name} ${debitMinor} ${creditMinor}`)
    const said = written
      .safeParse(JSON.parse(text, digits))
      .data?.map(
        ({ account, currency, debitMinor, creditMinor }) => `${account} ${currency} ${debitMinor} ${creditMinor}`,
      )
    return said?.toSorted().join() === lines.toSorted().join()
  }

  #of(account: string, currency: string) {
    const name = `${account} ${currency}`
    const sum = this.#sums.get(name) ?? { debitMinor: 0n, creditMinor: 0n }
    this.#sums.set(name, sum)
    return sum
  }
}

/** Sums of all merchants may be beyond what a JavaScript number holds exactly. */
const digits = (_name: string, value: unknown, ...[context]: readonly { readonly source?: string }[]): unknown =>
  typeof value === 'number' ? context?.source : value
