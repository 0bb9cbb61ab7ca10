import { firstKey, type ServiceName, servicePort } from '../../services.ts'
import { refusalInWords } from './refusal.ts'
import type { Local } from './stack/local.ts'

/** The first request of a process that has just started, on a slow machine. */
export const requestTimeoutMs = 60_000

export interface Question {
  readonly service: ServiceName
  readonly path: string
  /** Sent as JSON. Left out: a GET. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

/** What a service answers to an operator. Throws with its own words when it refuses. */
export async function askAsOperator(local: Local, question: Question): Promise<unknown> {
  return await ask(local, question, firstKey(local.services, 'OPS_API_KEYS'))
}

/** What a service answers to a client. Throws with its own words when it refuses. */
export async function askAsClient(local: Local, question: Question): Promise<unknown> {
  return await ask(local, question, firstKey(local.services, 'API_KEYS'))
}

async function ask({ config }: Local, { service, path, body, ...more }: Question, key: string): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${servicePort(config.servicePorts, service)}${path}`, {
    headers: { ...more.headers, authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    signal: AbortSignal.timeout(more.timeoutMs ?? requestTimeoutMs),
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(refusalInWords({ service, status: response.status, text }))
  return JSON.parse(text)
}
