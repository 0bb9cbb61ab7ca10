/** JSON with bigints as integers. One that a JSON number cannot hold exactly is a bug: the edge has refused it. */
export function formatJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member !== 'bigint') return member
    const number = Number(member)
    if (!Number.isSafeInteger(number)) throw new RangeError(`${member} is beyond the integers that JSON holds exactly`)
    return number
  })
}

/**
 * What `formatJson` wrote: integers under a name that ends in `Minor` are money and come back as bigint. For our own
 * rows only; what others send goes through a schema.
 */
export function parseOwnJson<Value>(text: string): Value {
  return JSON.parse(text, (name, member: unknown) =>
    typeof member === 'number' && name.endsWith('Minor') ? BigInt(member) : member,
  )
}

/** For rows of our own: the effects, outcomes and states that rest in the database. */
export const ownJson = { encode: formatJson, decode: parseOwnJson }
