import { OpenAPIHono } from '@hono/zod-openapi'
import type { Kysely } from 'kysely'
import { authenticateOperator, type HttpApp, type HttpEnv, type Keyring, problem, sendJson } from '#runtime'
import type { PaymentDatabase } from '../tables.ts'
import {
  beginRoute,
  cancelRoute,
  type FindingBody,
  getRoute,
  listRoute,
  type RunBody,
} from './reconciliation-routes.ts'
import { beginRun, cancelRun } from './reconciliation-store.ts'
import { findingsOf, findRun, latestRuns, type Run, runningRun, type StandingFinding } from './reconciliation-views.ts'
import { type Window, windowOf } from './reconciliation-window.ts'

export interface ReconciliationHttpOptions {
  readonly db: Kysely<PaymentDatabase>
  readonly keys: Keyring
  /** One was begun. */
  readonly wake: () => void
}

/** Where operators have the payments compared with the gateway, and see what came of it. All of it needs their key. */
export function reconciliationRoutes({ db, keys, wake }: ReconciliationHttpOptions): HttpApp {
  const app: HttpApp = new OpenAPIHono<HttpEnv>()
  app.use('/reconciliations/*', authenticateOperator(keys))
  app.openapi(beginRoute, async (c) => {
    const { since, until } = c.req.valid('json')
    const window = windowOf({ ...(since && { since }), ...(until && { until }) }, new Date())
    if (window.since >= window.until) throw nothingBetween()
    const run = await beginOrJoin(db, { ...window, by: c.get('operator') })
    wake()
    return sendJson(c, represent(run), { status: 202, headers: { location: `/reconciliations/${run.id}` } })
  })
  app.openapi(cancelRoute, async (c) => {
    const { id } = c.req.valid('param')
    await cancelRun(db, id, c.get('operator'))
    const run = await findRun(db, id)
    if (run === undefined) throw noSuchRun()
    if (run.state !== 'cancelled') {
      throw problem({ status: 409, code: 'has_ended', title: 'It has ended by itself', detail: `It has ${run.state}.` })
    }
    return sendJson(c, represent(run), { status: 200 })
  })
  app.openapi(listRoute, async (c) => {
    const runs = await latestRuns(db, c.req.valid('query').limit)
    return sendJson(c, { reconciliations: runs.map(represent) }, { status: 200 })
  })
  app.openapi(getRoute, async (c) => {
    const { id } = c.req.valid('param')
    const run = await findRun(db, id)
    if (run === undefined) throw noSuchRun()
    const findings = await findingsOf(db, id, c.req.valid('query').limit)
    return sendJson(c, { ...represent(run), findings: findings.map(representFinding) }, { status: 200 })
  })
  return app
}

/** The one that is running may end just when somebody asks for another. */
const attemptsMax = 3

async function beginOrJoin(db: Kysely<PaymentDatabase>, asked: Window & { readonly by: string }): Promise<Run> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const id = await beginRun(db, asked)
    const run = id === undefined ? await runningRun(db) : await findRun(db, id)
    if (run !== undefined) return run
  }
  throw new Error('Reconciliations begin and end faster than they can be looked at')
}

const noSuchRun = () => problem({ status: 404, code: 'no_such_reconciliation', title: 'There is none' })

const nothingBetween = () =>
  problem({
    status: 400,
    code: 'invalid_request',
    title: 'The request is not valid',
    errors: [{ field: 'since', detail: 'must be before until, and more than two minutes ago' }],
  })

function represent({ cursor, lastError, since, until, startedAt, finishedAt, cancelledBy, ...rest }: Run): RunBody {
  return {
    ...rest,
    since: since.toISOString(),
    until: until.toISOString(),
    startedAt: startedAt.toISOString(),
    ...(cursor === null ? {} : { cursor }),
    ...(lastError === null ? {} : { lastError }),
    ...(finishedAt === null ? {} : { finishedAt: finishedAt.toISOString() }),
    ...(cancelledBy === null ? {} : { cancelledBy }),
  }
}

function representFinding({ firstSeenAt, lastSeenAt, settledAt, ...rest }: StandingFinding): FindingBody {
  return {
    ...rest,
    firstSeenAt: firstSeenAt.toISOString(),
    lastSeenAt: lastSeenAt.toISOString(),
    ...(settledAt === null ? {} : { settledAt: settledAt.toISOString() }),
  }
}
