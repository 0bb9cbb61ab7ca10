import type { Log } from '../logger.ts'

export interface StopStep {
  readonly name: string
  readonly fn: () => void | Promise<void>
}

/**
 * Runs the steps from the last to the first. `pending` always names those that have not ended, the running one first.
 * One that fails is logged and does not keep the others from running. Resolves with whether any failed.
 */
export async function stopInOrder(steps: readonly StopStep[], pending: Set<string>, log: Log): Promise<boolean> {
  const order = steps.toReversed()
  for (const { name } of order) pending.add(name)
  let failed = false
  for (const { name, fn } of order) {
    try {
      await fn()
    } catch (err) {
      failed = true
      log.error({ err }, `${name} did not stop as it should`)
    }
    pending.delete(name)
  }
  return failed
}
