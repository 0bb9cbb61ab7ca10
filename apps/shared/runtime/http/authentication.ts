import { createHash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import type { Keyring } from '../config.ts'
import type { HttpEnv } from './http-env.ts'
import { problem } from './problem.ts'

/** `Authorization: Bearer <key>`, else 401. Sets `merchantId` on the context. */
export function authenticate(apiKeys: Keyring): MiddlewareHandler<HttpEnv> {
  const merchantOf = holders(apiKeys)
  return async (c, next) => {
    c.set('merchantId', merchantOf(c.req.header('authorization')))
    await next()
  }
}

/** The same for the keys of operators. Sets `operator`, the name to note beside what they do. */
export function authenticateOperator(keys: Keyring): MiddlewareHandler<HttpEnv> {
  const operatorOf = holders(keys)
  return async (c, next) => {
    c.set('operator', operatorOf(c.req.header('authorization')))
    await next()
  }
}

/** Compares digests of one length, and all of them, so that the time taken says nothing about any key. */
function holders(keys: Keyring): (authorization: string | undefined) => string {
  const known = Array.from(keys, ([key, holder]) => ({ digest: sha256(key), holder }))
  return (authorization) => {
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
    if (given === undefined) throw unauthorized('Bearer realm="paysaga"')
    const digest = sha256(given)
    const [match] = known.filter((key) => timingSafeEqual(key.digest, digest))
    if (match === undefined) throw unauthorized('Bearer realm="paysaga", error="invalid_token"')
    return match.holder
  }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

const unauthorized = (challenge: string) =>
  problem({
    status: 401,
    code: 'unauthorized',
    title: 'An API key is needed',
    detail: 'Send Authorization: Bearer <API key>.',
    headers: { 'www-authenticate': challenge },
  })
