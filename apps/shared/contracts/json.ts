/** JSON with bigints as integers. One that a JSON number cannot hold exactly is a bug: the edge has refused it. */
export function formatJson(value: unknown): string {
  return JSON.stringify(withNumbers(value))
}

/**
 * What `formatJson` wrote: integers under a name that ends in `Minor` are money and come back as bigint. For our own
 * rows only; what others send goes through a schema.
 */
export function parseOwnJson<Value>(text: string): Value {
  const parsed: Value = JSON.parse(text)
  reviveMoney(parsed)
  return parsed
}

/** For rows of our own: the effects, outcomes and states that rest in the database. */
export const ownJson = { encode: formatJson, decode: parseOwnJson }

/** Walked by hand: a replacer is called for every member, which took a tenth of a busy service's time. */
function withNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') return numberOf(value)
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value
  if (Array.isArray(value)) return value.map(withNumbers)
  const written: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    // Most members are neither: no call for those.
    const isLeaf = typeof member !== 'object' && typeof member !== 'bigint'
    written[name] = isLeaf ? member : withNumbers(member)
  }
  return written
}

function numberOf(money: bigint): number {
  const number = Number(money)
  if (!Number.isSafeInteger(number)) throw new RangeError(`${money} is beyond the integers that JSON holds exactly`)
  return number
}

/** In place: nobody else has seen the value yet. */
function reviveMoney(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const [name, member] of Object.entries(value)) {
    if (typeof member === 'object') reviveMoney(member)
    else if (typeof member === 'number' && name.endsWith('Minor')) Reflect.set(value, name, BigInt(member))
  }
}
