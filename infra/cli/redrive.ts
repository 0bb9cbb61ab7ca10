import { z } from 'zod'
import { firstKey, servicePort } from '../services.ts'
import { command, type Local } from './local.ts'
import { print, printTable } from './output.ts'

const requestTimeoutMs = 10_000
const participants = ['order', 'payment', 'notification'] as const
type Participant = (typeof participants)[number]
const usage = "make redrive REASON='fixed in 1.2' [S=payment] [KEY=<order>] [CAUSE=content] [DRY=1] [DISCARD=1]"

const parked = z.object({
  keys: z.array(
    z.object({
      key: z.string(),
      state: z.string(),
      cause: z.string(),
      attempts: z.int(),
      messages: z.int(),
      error: z.string(),
      first: z.object({ version: z.int(), type: z.string() }),
    }),
  ),
})
const done = z.object({ keys: z.array(z.string()) })

/** `make redrive`: shows what is parked; with a reason has it tried again, or gives up the first message of each key. */
async function redrive(local: Local): Promise<void> {
  const [, , service = '', key = '', cause = '', reason = '', dry = '', discard = ''] = process.argv
  const chosen = participants.filter((name) => service === '' || name === service)
  if (chosen.length === 0) throw new Error(usage)
  const filter = { ...(key === '' ? {} : { key }), ...(cause === '' ? {} : { cause }) }
  for (const name of chosen) {
    const { keys } = parked.parse(
      await ask(local, { name, path: `/ops/parked?${new URLSearchParams(filter).toString()}` }),
    )
    print(`  ${name}: ${keys.length === 0 ? 'nothing is parked' : ''}`.trimEnd())
    if (keys.length === 0) continue
    printTable([
      ['key', 'state', 'cause', 'attempts', 'waiting', 'next', 'error'],
      ...keys.map(({ key: id, state, cause: why, attempts, messages, first, error }) => [
        id,
        state,
        why,
        `${attempts}`,
        `${messages}`,
        `${first.type} ${first.version}`,
        error.split('\n')[0] ?? '',
      ]),
    ])
    if (reason === '') continue
    const verb = discard === '' ? 'redrive' : 'discard'
    const body = JSON.stringify({ ...filter, reason, dryRun: dry !== '' })
    const { keys: acted } = done.parse(await ask(local, { name, path: `/ops/parked/${verb}`, body }))
    print(`  ${dry === '' ? '' : 'would '}${verb} ${acted.length}`)
  }
  if (reason === '') print(`  To have them tried again: ${usage}`)
}

interface Question {
  readonly name: Participant
  readonly path: string
  /** Left out: a GET. */
  readonly body?: string
}

async function ask({ config, services }: Local, { name, path, body }: Question): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${servicePort(config.servicePorts, name)}${path}`, {
    headers: { authorization: `Bearer ${firstKey(services, 'OPS_API_KEYS')}`, 'content-type': 'application/json' },
    signal: AbortSignal.timeout(requestTimeoutMs),
    ...(body === undefined ? {} : { method: 'POST', body }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${name} answered ${response.status}: ${text}`)
  return JSON.parse(text)
}

await command(redrive)
