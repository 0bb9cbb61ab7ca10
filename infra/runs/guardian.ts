import { rm } from 'node:fs/promises'
import { z } from 'zod'
import { type Carrier, carriersOf } from './carriers.ts'
import { killAll } from './ending.ts'

// The guardian of a run, once there is something to do: its owner is gone, or asks for it (run.ts). It has a session of its
// own, and goes on whatever signal ends the others.

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)

const rmRetries = { maxRetries: 10, retryDelay: 100 }

const task = z.discriminatedUnion('fate', [
  z.object({ fate: z.literal('discard'), run: z.string(), folders: z.array(z.string()) }),
  z.object({ fate: z.literal('keep'), run: z.string(), directory: z.string() }),
])
export type Task = z.output<typeof task>

async function end(given: Task): Promise<void> {
  const find = (): readonly Carrier[] => carriersOf(given.run)
  switch (given.fate) {
    case 'discard':
      await killAll(find)
      for (const folder of given.folders) await rm(folder, { recursive: true, force: true, ...rmRetries })
      return
    case 'keep':
      // Loaded when it is needed: it takes a fifth of a second.
      await (await import('./end-stack.ts')).endStack(given.directory, find)
  }
}

await end(task.parse(JSON.parse(process.argv[2] ?? '')))
