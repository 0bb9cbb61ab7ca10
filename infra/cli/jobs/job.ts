/** Runs a job to its end and prints what came of it; one that fails says why and ends with 1. */
export async function job(name: string, work: () => Promise<string>): Promise<void> {
  try {
    process.stdout.write(`${name}: ${await work()}\n`)
  } catch (error) {
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
