import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { HttpApp } from '../http/http.ts'
import type { Log } from '../logger.ts'
import type { Readiness } from '../readiness.ts'
import { startTracing } from '../tracing.ts'
import { serveHttp } from './listening.ts'
import { type StopStep, stopInOrder } from './stopping.ts'

export interface Life {
  readonly log: Log
  readonly readiness: Readiness
  /** Aborts when the process is told to stop. Loops end by it, and responses that stream, or they are cut off. */
  readonly signal: AbortSignal
  /** Run at the stop, after the HTTP requests that were under way, the last one registered first. */
  onStop(name: string, fn: () => void | Promise<void>): void
  /** It cannot go on, and says why: the process stops in order and ends with 1. No more than that when it stops already. */
  fail(err: Error): void
}

export interface ProcessOptions {
  readonly service: string
  /** 0 takes a free one, which the log names. */
  readonly port: number
  /** 127.0.0.1 unless given: what has no TLS is not for the world. */
  readonly host?: string
  readonly log: Log
  readonly readiness: Readiness
  readonly app: HttpApp
  /** Connects, migrates, subscribes. The process is ready when it resolves and stops with 1 when it rejects. */
  readonly start: (life: Life) => Promise<void> | void
  /**
   * For so long after SIGTERM requests are still taken, while `/readyz` says no: a balancer that looks there sends
   * nothing any more when the door is closed. 0 unless given.
   */
  readonly drainMs?: number
  /** For all of the stop after that, 10 s unless given. */
  readonly stopTimeoutMs?: number
}

/**
 * The life of a process. HTTP is open first, so that `/healthz` and `/readyz` tell what is awaited. SIGTERM and SIGINT
 * stop it in order and end it with 0. `fail` does so with 1. A second signal, a stop beyond its time, a failed start and an error that nobody
 * caught end it with 1, after a line that says why. Resolves when ready, or when stopped before that.
 */
export async function runProcess(options: ProcessOptions): Promise<void> {
  const { service, log, readiness, drainMs = 0, stopTimeoutMs = defaultStopTimeoutMs } = options
  const aborter = new AbortController()
  const steps: StopStep[] = []
  const stop = onceStopped({ options, steps, aborter })
  dieOfUncaught(log)
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stop(name, 0))

  readiness.hold(service, 'starting')
  try {
    const tracing = await startTracing(service)
    // The last to stop, for what stops before it may have spans to tell.
    if (tracing !== undefined) steps.push({ name: 'tracing', fn: () => tracing.stop() })
    const respond = getRequestListener(options.app.fetch)
    const server = createServer((request, response) => void respond(request, response))
    const http = await serveHttp(server, options)
    steps.push({ name: 'http', fn: () => http.drain({ openMs: drainMs, endMs: stopTimeoutMs / 2 }) })
    log.info({ port: http.port }, `${service} listens on port ${http.port}`)
    const onStop: Life['onStop'] = (name, fn) => void steps.splice(-1, 0, { name, fn })
    const fail: Life['fail'] = (err) => {
      if (aborter.signal.aborted) return
      log.fatal({ err }, `${service} cannot go on`)
      stop('a failure that only a new process may mend', 1)
    }
    await options.start({ log, readiness, signal: aborter.signal, onStop, fail })
  } catch (err) {
    if (aborter.signal.aborted) return
    log.fatal({ err }, `${service} could not start`)
    stop('a failed start', 1)
    return
  }
  readiness.lift(service)
  if (!aborter.signal.aborted) log.info(`${service} is ready`)
}

const defaultStopTimeoutMs = 10_000

/** The first call stops the process in order, the second ends it on the spot. */
function onceStopped(life: { options: ProcessOptions; steps: StopStep[]; aborter: AbortController }) {
  const { service, log, readiness, drainMs = 0, stopTimeoutMs = defaultStopTimeoutMs } = life.options
  const pending = new Set<string>()
  let stopping = false
  return (cause: string, exitCode: number): void => {
    if (stopping) {
      log.fatal(
        { pending: [...pending] },
        `${service} ends at once: ${cause} again, still waiting for ${[...pending].join(', ')}`,
      )
      process.exit(1)
    }
    stopping = true
    log.info(`${service} stops: ${cause}`)
    readiness.stop()
    life.aborter.abort(new Error(`stopped by ${cause}`))
    setTimeout(() => {
      log.fatal(
        { pending: [...pending] },
        `${service} did not stop within ${drainMs + stopTimeoutMs} ms: ${[...pending].join(', ')}`,
      )
      process.exit(1)
    }, drainMs + stopTimeoutMs)
    void stopInOrder(life.steps, pending, log).then((failed) => {
      log.info(`${service} has stopped`)
      process.exit(failed ? 1 : exitCode)
    })
  }
}

/** A rejection that nobody handles or a throw out of a callback leaves unknown state: only a new process is sane. */
function dieOfUncaught(log: Log): void {
  process.on('uncaughtException', (err, origin) => {
    log.fatal({ err }, origin)
    process.exit(1)
  })
}
