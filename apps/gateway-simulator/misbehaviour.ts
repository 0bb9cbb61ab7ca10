import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import type { Context, MiddlewareHandler } from 'hono'
import { errors } from './errors.ts'
import type { Faults, Misdeed, Sighted } from './faults.ts'
import type { Gateway } from './gateway.ts'
import { errorBody } from './resources.ts'
import type { GatewayError } from './state.ts'

export interface GatewayEnv {
  Bindings: HttpBindings
}

/** Lets a fault that fits have its way with a request of Stripe's API, before or after it is performed. */
export function misbehaving(gateway: Gateway, faults: Faults): MiddlewareHandler<GatewayEnv> {
  return async (c, next) => {
    const seen = await sight(c, gateway)
    const misdeed = seen === undefined ? undefined : faults.strike(seen)
    if (misdeed === undefined) return await next()
    if ('answer' in misdeed) return answered(c, misdeed.answer)
    if ('delayMs' in misdeed) await sleep(misdeed.delayMs)
    if ('cancelIntent' in misdeed) await cancelFirst(gateway, seen?.intentId, misdeed.cancelIntent)
    const before = isBefore(misdeed)
    if (!before) await next()
    // What is answered into a closed connection goes nowhere.
    if ('hangUp' in misdeed) c.env.incoming.socket.destroy()
    if (before || 'status' in misdeed) c.res = answered(c, errors.internal)
    return undefined
  }
}

const isBefore = (misdeed: Misdeed): boolean =>
  ('hangUp' in misdeed && misdeed.hangUp === 'before') || ('when' in misdeed && misdeed.when === 'before')

const answered = (c: Context, error: GatewayError): Response =>
  c.body(errorBody(error), error.status, { 'content-type': 'application/json' })

interface Seen extends Sighted {
  readonly intentId: string | undefined
}

/** Undefined where Stripe's API has no such path. */
async function sight(c: Context<GatewayEnv>, gateway: Gateway): Promise<Seen | undefined> {
  const [, resource, id, verb] = paths.exec(c.req.path) ?? []
  const reads = c.req.method === 'GET'
  const operation = reads ? 'retrieve' : operationOf(resource, id, verb)
  if (resource === undefined || operation === undefined) return undefined
  const values = new URLSearchParams(reads ? new URL(c.req.url).search : await c.req.text())
  if (operation === 'create') {
    const orderId = values.get('metadata[orderId]') ?? undefined
    return { operation, orderId, amount: Number(values.get('amount')), intentId: undefined }
  }
  const refunded = gateway.books.refunds.get(id ?? '')?.intentId ?? values.get('payment_intent') ?? ''
  const intentId = resource === 'refunds' ? refunded : (id ?? '')
  const intent = gateway.intent(intentId)
  return { operation, orderId: intent?.metadata['orderId'], amount: intent?.amount, intentId }
}

const paths = /^\/v1\/(payment_intents|refunds)(?:\/([^/]+))?(?:\/([^/]+))?$/

function operationOf(resource?: string, id?: string, verb?: string): Sighted['operation'] | undefined {
  if (id === undefined) return resource === 'refunds' ? 'refund' : 'create'
  return verb === 'confirm' || verb === 'capture' || verb === 'cancel' ? verb : undefined
}

async function cancelFirst(
  gateway: Gateway,
  intentId: string | undefined,
  reason: Extract<Misdeed, { cancelIntent: unknown }>['cancelIntent'],
): Promise<void> {
  if (intentId === undefined) return
  await gateway.perform({ type: 'operate', intentId, operation: { type: 'cancel', reason } }, undefined)
}
