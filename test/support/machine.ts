import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

/** A fixed amount of work, some 100 ms of one core. */
const work = `
  const { createHash } = require('node:crypto')
  const { parentPort } = require('node:worker_threads')
  const started = performance.now()
  let digest = Buffer.alloc(64)
  for (let round = 0; round < 60000; round += 1) digest = createHash('sha256').update(digest).digest()
  parentPort.postMessage(performance.now() - started)
`
/** What it takes on the machine that the limits were chosen on, with one such thread on each of two quiet cores. */
const referenceMs = 180

/**
 * How much slower than the machine that the limits of the tests were chosen on this one is now: 1 for one that is as fast
 * or faster, 4 for one that has a fourth of the processor time, because it is old, others use it too, or a quota is set.
 * All cores work at once: a quota of half a core lets one thread run at half its speed, and two at a quarter.
 */
export async function measureSlowness(): Promise<number> {
  const threads = Math.min(2, availableParallelism())
  const took = await Promise.all(Array.from({ length: threads }, timeOne))
  return Math.max(1, Math.max(...took) / referenceMs)
}

function timeOne(): Promise<number> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(work, { eval: true })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
