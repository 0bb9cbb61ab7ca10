import { readLedgerConfig } from '../config.ts'
import { readingLedger } from '../ledger/rows.ts'
import { type Head, verifyLedger } from '../ledger/verify.ts'
import { openLocal } from './local.ts'
import { fail, print } from './output.ts'

/** `make ledger`: recomputes every chain and every block, and names the first that does not fit. */
async function ledger(): Promise<void> {
  const known = parseHead(process.argv[2] ?? '')
  const url = readLedgerConfig().PAYMENT_DATABASE_URL ?? (await localDatabaseUrl())
  const { transfers, blocks, unsealed, head, flaws } = await readingLedger(url, (rows) => verifyLedger(rows, known))
  if (flaws.length > 0) throw new Error(flaws.map((flaw) => `  ${flaw}`).join('\n'))
  print(`  ${transfers} transfers in ${blocks} blocks, ${unsealed} not sealed yet: all of it fits`)
  if (head === undefined) return
  print(`  To show later that nothing before now was rewritten, keep this elsewhere:`)
  print(`    make ledger HEAD=${head.height}:${head.hash}`)
}

function parseHead(text: string): Head | undefined {
  if (text === '') return undefined
  const [, height, hash] = /^(\d+):([0-9a-f]{64})$/.exec(text) ?? []
  if (height === undefined || hash === undefined) throw new Error('make ledger HEAD=<height>:<hash>, as it was printed')
  return { height: BigInt(height), hash }
}

async function localDatabaseUrl(): Promise<string> {
  const { stack } = await openLocal()
  return stack.endpoints.databaseUrl('payment_service')
}

await ledger().catch(fail)
