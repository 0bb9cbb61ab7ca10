type Step = () => Promise<void>

/** Each stage begins when all steps of the one before have come to an end, well or not. Throws afterwards with all that failed. */
export async function inTurn(stages: readonly (readonly Step[])[]): Promise<void> {
  const failures: unknown[] = []
  for (const steps of stages) {
    const ended = await Promise.allSettled(steps.map((step) => step()))
    for (const each of ended) if (each.status === 'rejected') failures.push(each.reason)
  }
  if (failures.length === 1) throw failures[0]
  const words = failures.map((failure) => (failure instanceof Error ? failure.message : String(failure)))
  if (failures.length > 1) throw new AggregateError(failures, words.join('\n'))
}
