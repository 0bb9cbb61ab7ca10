import { readingLedger } from '../../apps/payment/ledger/verify/rows.ts'
import { type Head, verifyLedger } from '../../apps/payment/ledger/verify/verify.ts'
import { readLedgerConfig } from '../config.ts'
import { settingsWarnings } from './support/arguments/settings.ts'
import { complain, fail, print } from './support/display/output.ts'
import { UsageError } from './support/failure.ts'
import { openLocal } from './support/stack/local.ts'
import { demandOurs } from './support/stack/ours.ts'

/** `make ledger`: recomputes every chain and every block, and names the first that does not fit. */
async function ledger(): Promise<void> {
  for (const warning of await settingsWarnings()) complain(warning)
  const known = parseHead(process.argv[2] ?? '')
  const { PAYMENT_DATABASE_URL: elsewhere } = readLedgerConfig()
  const url = elsewhere ?? (await localDatabaseUrl())
  const reading = readingLedger(url, (rows) => verifyLedger(rows, known))
  const { transfers, blocks, unsealed, head, flaws } = await reading.catch((error: unknown) => {
    throw elsewhere === undefined ? error : unreadable(error)
  })
  if (flaws.length > 0) throw new Error(flaws.map((flaw) => `  ${flaw}`).join('\n'))
  print(`  ${transfers} transfers in ${blocks} blocks, ${unsealed} not sealed yet: all of it fits`)
  if (head === undefined) return
  print(`  To show later that nothing before now was rewritten, keep this elsewhere:`)
  print(`    make ledger HEAD=${head.height}:${head.hash}`)
}

/** Not the local stack's: what starts that is of no use here. */
const unreadable = (error: unknown): Error =>
  new Error(
    `The ledger that PAYMENT_DATABASE_URL names cannot be read: ${error instanceof Error ? error.message : String(error)}`,
  )

function parseHead(text: string): Head | undefined {
  if (text === '') return undefined
  const [, height, hash] = /^(\d+):([0-9a-f]{64})$/.exec(text) ?? []
  if (height === undefined || hash === undefined) {
    throw new UsageError(
      `HEAD=${text} is no block of a ledger: make ledger HEAD=<height>:<64 hexadecimal digits>, as it was printed.`,
    )
  }
  return { height: BigInt(height), hash }
}

async function localDatabaseUrl(): Promise<string> {
  const local = await openLocal()
  await demandOurs(local, 'postgres')
  return local.stack.endpoints.databaseUrl('payment_service')
}

await ledger().catch(fail)
