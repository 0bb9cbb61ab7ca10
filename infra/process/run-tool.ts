import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setInterval } from 'node:timers/promises'
import { familyProcessorMs } from './process-table.ts'
import { busyMaxMs, LineKinds, StallDetector } from './stall.ts'
import { noteProgress } from './watch.ts'

const lookMs = 1_000
const stillMaxMs = 60_000
const linesInAnError = 40

/**
 * Runs a program to its end, however long it takes while it works or prints. @returns what it has printed. Throws with the
 * end of that when it fails, or is killed because it stands still; ENOENT when there is no such program.
 */
export async function runTool(file: string, args: readonly string[]): Promise<string> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const kinds = new LineKinds()
  const pieces: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      pieces.push(text)
      kinds.add(text)
    })
  }
  const looking = new AbortController()
  let stillness: string | undefined
  const watching = (async () => {
    const detector = new StallDetector({ stillMaxMs, busyMaxMs }, performance.now())
    for await (const _ of setInterval(lookMs, undefined, { signal: looking.signal })) {
      const signs = { logKinds: kinds.count, words: '', isListening: false }
      const worked = await familyProcessorMs(child.pid ?? 0)
      stillness = detector.look(performance.now(), { ...signs, processorMs: worked })
      if (stillness !== undefined) child.kill('SIGKILL')
      else noteProgress()
    }
  })().catch(() => undefined)
  try {
    const [code] = await once(child, 'close')
    const output = pieces.join('')
    if (code === 0) return output
    const reason = stillness === undefined ? `ended with ${String(code)}` : `was killed: ${stillness}`
    const tail = output.trimEnd().split('\n').slice(-linesInAnError)
    throw new Error([`${file} ${reason}`, ...tail.map((line) => `    ${line}`)].join('\n'))
  } finally {
    looking.abort()
    await watching
  }
}
