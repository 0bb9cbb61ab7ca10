import { createHash } from 'node:crypto'

/*
 * What a hash of the ledger is made over, byte for byte. docs/ledger.md says it in words; the database says it in SQL
 * (db/payment_service, apps/payment/ledger/ledger-sealer.ts). Told a third time here on purpose: a check that asks the database
 * would believe whoever has changed it.
 */

export interface Transfer {
  readonly orderId: string
  readonly number: number
  readonly kind: string
  readonly debit: string
  readonly credit: string
  readonly amountMinor: bigint
  readonly currency: string
  readonly cause: string
  /** Microseconds since 2000, PostgreSQL's own count. */
  readonly at: bigint
  readonly hash: Buffer
}

/** @param previous the hash of the transfer before it of its order, empty for the first */
export function hashOfTransfer(previous: Buffer, transfer: Omit<Transfer, 'hash'>): Buffer {
  const { orderId, number, at, amountMinor, kind, debit, credit, currency, cause } = transfer
  const four = Buffer.alloc(4)
  four.writeInt32BE(number)
  const uuid = Buffer.from(orderId.replaceAll('-', ''), 'hex')
  const text = Buffer.from([kind, debit, credit, currency, cause].join('|'))
  return sha256(previous, uuid, four, int8(at), int8(amountMinor), text)
}

export interface Block {
  readonly height: bigint
  readonly lastXid: bigint
  readonly transfers: bigint
  readonly digest: Buffer
  /** As PostgreSQL writes its jsonb. */
  readonly totals: string
  /** Microseconds since 2000. */
  readonly sealedAt: bigint
  readonly hash: Buffer
}

/** @param previous the hash of the block before it, empty for the first */
export function hashOfBlock(previous: Buffer, block: Omit<Block, 'hash'>): Buffer {
  const { height, lastXid, transfers, digest, sealedAt, totals } = block
  return sha256(previous, int8(height), int8(lastXid), int8(transfers), digest, int8(sealedAt), Buffer.from(totals))
}

/** Over the hashes of the transfers of a block, by order and number. */
export const digestOf = (hashes: readonly Buffer[]): Buffer => sha256(...hashes)

function sha256(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

function int8(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}
