/**
 * Parameters that are PostgreSQL arrays, in its binary format (array_send in arrayfuncs.c of its source): the driver
 * writes arrays as text, every element quoted and escaped, and reading that was a third of the server's work. To be
 * cast to the same type where they stand in a statement: `unnest(${textArray(names)}::text[])`.
 */
export const textArray = (values: readonly (string | null)[]): Buffer =>
  encode(
    { oid: 25, sizeOf: (value) => Buffer.byteLength(value), write: (into, value, at) => into.write(value, at) },
    values,
  )

/** @throws TypeError for a number that is no integer, RangeError for one beyond 32 bits */
export const intArray = (values: readonly (number | null)[]): Buffer =>
  encode({ oid: 23, sizeOf: () => 4, write: writeInt }, values)

/** @throws TypeError for text that is no UUID */
export const uuidArray = (values: readonly (string | null)[]): Buffer =>
  encode({ oid: 2950, sizeOf: () => uuidBytes, write: writeUuid }, values)

/** Of JSON text. The byte before it is the version of jsonb's format. */
export const jsonbArray = (values: readonly string[]): Buffer =>
  encode(
    {
      oid: 3802,
      sizeOf: (value) => 1 + Buffer.byteLength(value),
      write: (into, value, at) => into.write(value, into.writeUInt8(1, at)),
    },
    values,
  )

export const byteaArray = (values: readonly (Buffer | null)[]): Buffer =>
  encode({ oid: 17, sizeOf: ({ length }) => length, write: (into, value, at) => value.copy(into, at) }, values)

interface ElementType<Value> {
  /** In pg_type; those of the built-in types are for ever. */
  readonly oid: number
  /** In bytes. */
  readonly sizeOf: (value: Value) => number
  readonly write: (into: Buffer, value: Value, at: number) => unknown
}

const uuidBytes = 16
/** Dimensions, whether there are nulls, the type; the length and the lower bound of the one dimension. */
const headerBytes = 20

function encode<Value>({ oid, sizeOf, write }: ElementType<Value>, values: readonly (Value | null)[]): Buffer {
  const sizes = values.map((value) => (value === null ? -1 : sizeOf(value)))
  const bytes = sizes.reduce((sum, size) => sum + 4 + Math.max(0, size), headerBytes)
  const into = Buffer.allocUnsafe(bytes)
  into.writeInt32BE(1, 0)
  into.writeInt32BE(sizes.includes(-1) ? 1 : 0, 4)
  into.writeInt32BE(oid, 8)
  into.writeInt32BE(values.length, 12)
  into.writeInt32BE(1, 16)
  let at = headerBytes
  for (const [index, value] of values.entries()) {
    const size = sizes[index] ?? -1
    at = into.writeInt32BE(size, at)
    if (value === null) continue
    write(into, value, at)
    at += size
  }
  return into
}

function writeInt(into: Buffer, value: number, at: number): void {
  if (!Number.isInteger(value)) throw new TypeError(`${value} is no integer`)
  into.writeInt32BE(value, at)
}

function writeUuid(into: Buffer, value: string, at: number): void {
  const digits = value.replaceAll('-', '')
  if (digits.length !== 2 * uuidBytes || into.write(digits, at, 'hex') !== uuidBytes) {
    throw new TypeError(`${value} is no UUID`)
  }
}
