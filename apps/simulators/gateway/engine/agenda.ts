/** What is to be done at its time, by one timer however much there is. In memory: who fills it knows it again at a start. */
export interface Agenda<Job> {
  readonly size: number
  /** `atMs` by the clock of `Date.now()`. What is past is due at once, though never within this call. */
  add(atMs: number, job: Job): void
  /** Nothing is done before, and nothing after `stop`. */
  start(): void
  stop(): void
}

/** A timer of Node's takes 24 days at most; a look in between costs nothing. */
const lookEveryMs = 60 * 60 * 1000

interface Due<Job> {
  readonly atMs: number
  /** What is due at one moment is done in the order in which it was added. */
  readonly added: number
  readonly job: Job
}

/** `act` is called in the order of times, and must not throw. */
export function createAgenda<Job>(act: (job: Job) => void): Agenda<Job> {
  const heap: Due<Job>[] = []
  let timer: NodeJS.Timeout | undefined
  let wakesAtMs = Infinity
  let running = false
  let added = 0

  function look(): void {
    const now = Date.now()
    wakesAtMs = Infinity
    for (let next = heap[0]; next !== undefined && next.atMs <= now; next = heap[0]) {
      takeFirst(heap)
      act(next.job)
    }
    arm()
  }

  function arm(): void {
    const next = heap[0]
    if (!running || next === undefined || next.atMs >= wakesAtMs) return
    clearTimeout(timer)
    wakesAtMs = next.atMs
    timer = setTimeout(look, Math.min(Math.max(next.atMs - Date.now(), 0), lookEveryMs))
  }

  return {
    get size() {
      return heap.length
    },
    add(atMs, job) {
      added += 1
      insert(heap, { atMs, added, job })
      arm()
    },
    start() {
      running = true
      arm()
    },
    stop() {
      running = false
      clearTimeout(timer)
    },
  }
}

const isBefore = <Job>(one: Due<Job>, other: Due<Job>): boolean =>
  one.atMs < other.atMs || (one.atMs === other.atMs && one.added < other.added)

/** A binary heap: each one is due no earlier than the one at half its place. */
function insert<Job>(heap: Due<Job>[], due: Due<Job>): void {
  let place = heap.push(due) - 1
  while (place > 0) {
    const above = (place - 1) >> 1
    const parent = heap[above]
    if (parent === undefined || !isBefore(due, parent)) break
    heap[place] = parent
    place = above
  }
  heap[place] = due
}

function takeFirst<Job>(heap: Due<Job>[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let place = 0
  for (;;) {
    const [left, right] = [heap[2 * place + 1], heap[2 * place + 2]]
    if (left === undefined) break
    const smaller = right !== undefined && isBefore(right, left) ? right : left
    if (!isBefore(smaller, last)) break
    heap[place] = smaller
    place = smaller === left ? 2 * place + 1 : 2 * place + 2
  }
  heap[place] = last
}
