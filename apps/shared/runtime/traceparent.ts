import { randomBytes } from 'node:crypto'

/** `version-traceid-parentid-flags` of W3C Trace Context, level 1; ids of zeros are invalid. */
const wellFormed = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/** The caller's trace when it sent a valid `traceparent`, else the beginning of a sampled one. */
export function traceparentOf(request: { header(name: string): string | undefined }): string {
  const given = request.header('traceparent')
  if (given !== undefined && wellFormed.test(given)) return given
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`
}
