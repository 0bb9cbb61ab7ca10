import type { MiddlewareHandler } from 'hono'

/**
 * Makes `c.req.json()` exact, before any schema sees the value: bytes that are no UTF-8 are refused, where a lenient
 * decoder would put in replacement characters, and a number that reads as an integer only because a float rounded it
 * (`9007199254740990.6`) or that is written as one (`10.0`, `1e3`) stays the text that it is, which no integer accepts.
 */
export function exactJson(): MiddlewareHandler {
  return async (c, next) => {
    c.req.json = async () => parseExactly(utf8.decode(await c.req.arrayBuffer()))
    await next()
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** @throws SyntaxError when the text is not JSON */
export function parseExactly<Value>(text: string): Value {
  return JSON.parse(text, (_name, value: unknown, ...[context]: readonly { readonly source?: string }[]) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) return value
    return /^-?\d+$/.test(context?.source ?? '') ? value : context?.source
  })
}
