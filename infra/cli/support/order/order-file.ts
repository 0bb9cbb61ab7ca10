import { readFile } from 'node:fs/promises'
import { UsageError } from '../failure.ts'

const example = new URL('../../../../examples/orders.json', import.meta.url)

/** The first order in a file of one or of several; without a file that of the examples. Whether it is one, the service says. */
export async function readOrderFile(file: string): Promise<unknown> {
  const text = await readFile(file === '' ? example : file, 'utf8').catch((error: unknown) => {
    throw new UsageError(`FILE=${file} cannot be read: ${reasonOf(error)}.`)
  })
  return firstOrder(text, file)
}

/** @param file what the text is from, for the message when it holds no order */
export function firstOrder(text: string, file: string): unknown {
  const content = parsed(text, file)
  const order: unknown = Array.isArray(content) ? content[0] : content
  if (typeof order === 'object' && order !== null) return order
  throw new UsageError(
    `FILE=${file} holds no order: that is a JSON object, or a list of them, as examples/orders.json has.`,
  )
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UsageError(`FILE=${file} is not JSON: ${error instanceof Error ? error.message : String(error)}.`)
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  switch (code) {
    case 'ENOENT':
      return 'there is no such file'
    case 'EISDIR':
      return 'it is a folder'
    case 'EACCES':
      return 'you may not read it'
    default:
      return error instanceof Error ? error.message : String(error)
  }
}
