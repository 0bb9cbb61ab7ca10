import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { World } from './world.ts'

const changesWithinMs = 30_000
const pollMs = 100
const namesSchema = z.array(z.string())
const statusSchema = z.object({
  connector: z.object({ state: z.string() }),
  tasks: z.array(z.object({ state: z.string() })),
})
type Status = z.infer<typeof statusSchema>

/**
 * Runs what needs no connector. Its task ends and PostgreSQL decodes nothing for it, which would cost a tenth of two
 * cores; Connect itself lives on and keeps its compiled code.
 */
export async function withoutConnector<Result>({ stack }: World, work: () => Promise<Result>): Promise<Result> {
  const root = `${stack.endpoints.connectUrl}/connectors`
  const names = namesSchema.parse(await (await fetch(root)).json())
  for (const name of names) await change(`${root}/${name}`, 'stop', ({ tasks }) => tasks.length === 0)
  try {
    return await work()
  } finally {
    for (const name of names) await change(`${root}/${name}`, 'resume', isRunning)
  }
}

const isRunning = ({ connector, tasks }: Status): boolean =>
  tasks.length > 0 && [connector, ...tasks].every(({ state }) => state === 'RUNNING')

async function change(address: string, what: 'stop' | 'resume', isDone: (status: Status) => boolean): Promise<void> {
  const asked = await fetch(`${address}/${what}`, { method: 'PUT' })
  if (!asked.ok) throw new Error(`Connect does not ${what} the connector: ${asked.status} ${await asked.text()}`)
  const deadline = performance.now() + changesWithinMs
  for (;;) {
    const response = await fetch(`${address}/status`)
    const text = await response.text()
    if (response.ok && isDone(statusSchema.parse(JSON.parse(text)))) return
    if (performance.now() > deadline) throw new Error(`The connector does not ${what}: ${text}`)
    await sleep(pollMs)
  }
}
