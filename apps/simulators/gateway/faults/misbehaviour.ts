import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import type { Context, MiddlewareHandler } from 'hono'
import { errors } from '../engine/errors.ts'
import type { Gateway } from '../engine/gateway.ts'
import type { Instead } from '../engine/perform.ts'
import type { GatewayError } from '../engine/state.ts'
import { errorBody } from '../stripe-api/resources.ts'
import type { Faults, Sighted } from './faults.ts'
import type { RequestMisdeed } from './misdeeds.ts'

export interface GatewayEnv {
  Bindings: HttpBindings
  Variables: { instead: Instead | undefined }
}

/** So long a request hangs when its client never goes. */
const hangMaxMs = 120_000

/** Lets a fault that fits have its way with a request of Stripe's API, before or after it is performed. */
export function misbehaving(gateway: Gateway, faults: Faults): MiddlewareHandler<GatewayEnv> {
  return async (c, next) => {
    const seen = await sight(c, gateway)
    const misdeed = seen === undefined ? undefined : faults.strike(seen)
    if (misdeed === undefined) return await next()
    if ('answer' in misdeed) return answered(c, misdeed.answer)
    if ('cancelIntent' in misdeed) {
      await cancelFirst(gateway, seen?.intentId, misdeed.cancelIntent)
      return await next()
    }
    if ('status' in misdeed && misdeed.replayed === true && seen?.operation !== 'retrieve') {
      // Whoever performs it has to know: the answer is remembered together with the deed.
      c.set('instead', { when: misdeed.when, error: errors.internal })
      return await next()
    }
    const [isBefore, strike] = blowOf(c, misdeed)
    if (isBefore) await strike()
    if (!isBefore || 'delayMs' in misdeed) await next()
    if (!isBefore) await strike()
    // What is answered into a closed connection goes nowhere.
    if (!('delayMs' in misdeed)) c.res = answered(c, errors.internal)
    return undefined
  }
}

type Blow = Exclude<RequestMisdeed, { answer: unknown } | { cancelIntent: unknown }>

function blowOf(c: Context<GatewayEnv>, misdeed: Blow): readonly [isBefore: boolean, strike: () => unknown] {
  const { incoming, outgoing } = c.env
  if ('delayMs' in misdeed) return [misdeed.when !== 'after', () => sleep(misdeed.delayMs)]
  if ('hangUp' in misdeed) return [misdeed.hangUp === 'before', () => incoming.socket.destroy()]
  if ('reset' in misdeed) return [misdeed.reset === 'before', () => incoming.socket.resetAndDestroy()]
  if ('hang' in misdeed) return [misdeed.hang === 'before', () => hang(outgoing)]
  return [misdeed.when === 'before', () => undefined]
}

async function hang(outgoing: HttpBindings['outgoing']): Promise<void> {
  // Its client has had enough already.
  if (outgoing.closed) return
  const enough = new AbortController()
  await Promise.race([once(outgoing, 'close'), sleep(hangMaxMs, undefined, { signal: enough.signal, ref: false })])
  enough.abort()
  outgoing.destroy()
}

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
  const orderId = intent?.metadata['orderId'] ?? searchedOrder.exec(values.get('query') ?? '')?.[1]
  return { operation, orderId, amount: intent?.amount, intentId }
}

const searchedOrder = /metadata\[['"]orderId['"]\]:['"]([^'"]+)/

const paths = /^\/v1\/(payment_intents|refunds|events)(?:\/([^/]+))?(?:\/([^/]+))?$/

function operationOf(resource?: string, id?: string, verb?: string): Sighted['operation'] | undefined {
  if (id === undefined && resource === 'refunds') return 'refund'
  if (id === undefined) return resource === 'payment_intents' ? 'create' : undefined
  return verb === 'confirm' || verb === 'capture' || verb === 'cancel' ? verb : undefined
}

async function cancelFirst(
  gateway: Gateway,
  intentId: string | undefined,
  reason: Extract<RequestMisdeed, { cancelIntent: unknown }>['cancelIntent'],
): Promise<void> {
  if (intentId === undefined) return
  await gateway.perform({ type: 'operate', intentId, operation: { type: 'cancel', reason } }, undefined)
}
