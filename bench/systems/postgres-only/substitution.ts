import { z } from 'zod'

const text = z.strictObject({ parts: z.array(z.union([z.string(), z.strictObject({ name: z.string() })])) })
const bytes = z.strictObject({
  /** A character for each byte; zero where a name belongs. */
  latin1: z.string(),
  holes: z.array(z.strictObject({ at: z.int(), name: z.string(), as: z.enum(['text', 'uuid']) })),
})
const member = z.union([z.null(), z.boolean(), z.number(), z.string(), bytes, text])

/** A statement's value as plain JSON, with names in place of the ids that every order has of its own. */
export const template = z.union([member, z.array(member)])

type Text = z.output<typeof text>
type Bytes = z.output<typeof bytes>
type Member = z.output<typeof member>
export type Template = z.output<typeof template>

/** UUIDs in lower case, by name: within bytes one can only stand for another because all are of one length. */
export type Names = ReadonlyMap<string, string>

/** @throws TypeError for a value that is neither text, number, boolean, null, bytes nor an array of those */
export function templateOf(value: unknown, names: Names): Template {
  return Array.isArray(value) ? value.map((each) => memberOf(each, names)) : memberOf(value, names)
}

/** Whether the id is in the value, be it as text or as the 16 bytes of the binary formats. */
export function holds(value: unknown, id: string): boolean {
  if (Array.isArray(value)) return value.some((each) => holds(each, id))
  if (Buffer.isBuffer(value)) return value.includes(id) || value.includes(binary(id))
  return typeof value === 'string' && value.includes(id)
}

function memberOf(value: unknown, names: Names): Member {
  if (typeof value === 'string') return textOf(value, names)
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value
  if (Buffer.isBuffer(value)) return bytesOf(value, names)
  throw new TypeError(`A statement was recorded with a value that cannot be replayed: ${typeof value}`)
}

function textOf(value: string, names: Names): string | Text {
  let parts: Text['parts'] = [value]
  for (const [name, id] of names) {
    parts = parts.flatMap((part) => (typeof part === 'string' ? split(part, { name, id }) : [part]))
  }
  const filled = parts.filter((part) => part !== '')
  return filled.some((part) => typeof part !== 'string') ? { parts: filled } : value
}

function split(part: string, { name, id }: { readonly name: string; readonly id: string }): Text['parts'] {
  const [first = '', ...others] = part.split(id)
  return [first, ...others.flatMap((other) => [{ name }, other])]
}

function bytesOf(value: Buffer, names: Names): Bytes {
  const left = Buffer.from(value)
  const holes: Bytes['holes'] = []
  for (const [name, id] of names) {
    const forms = [
      { as: 'text', form: Buffer.from(id) },
      { as: 'uuid', form: binary(id) },
    ] as const
    for (const { as, form } of forms) {
      for (let at = left.indexOf(form); at !== -1; at = left.indexOf(form, at)) {
        holes.push({ at, name, as })
        left.fill(0, at, at + form.length)
      }
    }
  }
  return { latin1: left.toString('latin1'), holes }
}

const binary = (id: string): Buffer => Buffer.from(id.replaceAll('-', ''), 'hex')

/** Everything that can be done before is done here: what comes back runs for every order. */
export function filling(template: Template): (names: Names) => unknown {
  if (!Array.isArray(template)) return fillingOne(template)
  const members = template.map(fillingOne)
  return (names) => members.map((fill) => fill(names))
}

function fillingOne(member: Member): (names: Names) => unknown {
  if (typeof member !== 'object' || member === null) return () => member
  return 'parts' in member ? fillingText(member) : fillingBytes(member)
}

function fillingText({ parts }: Text): (names: Names) => string {
  return (names) => {
    let filled = ''
    for (const part of parts) filled += typeof part === 'string' ? part : idOf(names, part.name)
    return filled
  }
}

function fillingBytes({ latin1, holes }: Bytes): (names: Names) => Buffer {
  const left = Buffer.from(latin1, 'latin1')
  if (holes.length === 0) return () => left
  return (names) => {
    const filled = Buffer.from(left)
    for (const { at, name, as } of holes) {
      const id = idOf(names, name)
      if (as === 'text') filled.write(id, at, 'latin1')
      else filled.write(id.replaceAll('-', ''), at, 'hex')
    }
    return filled
  }
}

function idOf(names: Names, name: string): string {
  const id = names.get(name)
  if (id === undefined) throw new Error(`Nothing has said yet what ${name} is`)
  return id
}
