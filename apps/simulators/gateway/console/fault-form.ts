import { type Fault, fault } from '../faults/faults.ts'
import type { Misdeed } from '../faults/misdeeds.ts'

interface Preset {
  readonly name: string
  readonly label: string
  readonly do: Misdeed
}

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
const tooMany = {
  status: 429,
  type: 'invalid_request_error',
  code: 'rate_limit',
  message: 'Too many requests at once.',
} as const

/** What people choose from on the page; everything else can be asked for as JSON. */
export const requestPresets: readonly Preset[] = [
  { name: 'slow', label: 'does it a second later', do: { delayMs: 1_000 } },
  { name: 'late', label: 'does it, and answers a second later', do: { delayMs: 1_000, when: 'after' } },
  { name: 'hang-before', label: 'never answers, does nothing', do: { hang: 'before' } },
  { name: 'hang-after', label: 'does it, and never answers', do: { hang: 'after' } },
  { name: 'close-before', label: 'closes the connection, does nothing', do: { hangUp: 'before' } },
  { name: 'close-after', label: 'does it, and closes the connection', do: { hangUp: 'after' } },
  { name: 'reset-before', label: 'resets the connection, does nothing', do: { reset: 'before' } },
  { name: 'reset-after', label: 'does it, and resets the connection', do: { reset: 'after' } },
  { name: '500-before', label: '500, does nothing', do: { status: 500, when: 'before' } },
  { name: '500-after', label: '500, has done it', do: { status: 500, when: 'after' } },
  {
    name: '500-before-kept',
    label: '500, does nothing, and says so to this key for ever',
    do: { status: 500, when: 'before', replayed: true },
  },
  {
    name: '500-after-kept',
    label: '500, has done it, and says so to this key for ever',
    do: { status: 500, when: 'after', replayed: true },
  },
  { name: '429', label: '429, does nothing', do: { answer: tooMany } },
  { name: 'expired', label: 'finds that the hold has expired', do: { cancelIntent: 'expired' } },
]

export const webhookPresets: readonly Preset[] = [
  { name: 'copies', label: 'delivered three times', do: { webhook: { copies: 2 } } },
  { name: 'delayed', label: 'a minute late', do: { webhook: { delayMs: minuteMs } } },
  { name: 'after-next', label: "behind the intent's next one", do: { webhook: { afterNext: true } } },
  { name: 'before-answer', label: 'before the answer', do: { webhook: { beforeAnswer: true } } },
  { name: 'stale', label: 'signed three days ago', do: { webhook: { staleMs: 3 * dayMs } } },
  { name: 'forged', label: 'signed by somebody else', do: { webhook: { forged: true } } },
  { name: 'wrong-amount', label: 'with another amount', do: { webhook: { amountOffBy: 1 } } },
  { name: 'lost', label: 'never delivered', do: { webhook: { lost: true } } },
]

const presets = new Map([...requestPresets, ...webhookPresets].map((preset) => [preset.name, preset.do]))

/** A fault as the form of the page sends it: an empty field was not filled in. Or why it is none, for people. */
export function faultOf(form: URLSearchParams): Fault | { readonly wrong: string } {
  const text = (name: string) => form.get(name)?.trim() || undefined
  const number = (name: string) => (text(name) === undefined ? undefined : Number(text(name)))
  const percent = number('percent')
  const result = fault.safeParse({
    match: {
      operation: text('operation'),
      event: text('event'),
      orderId: text('orderId'),
      amount: number('amount'),
    },
    rate: percent === undefined ? undefined : percent / 100,
    times: number('times'),
    do: presets.get(text('what') ?? ''),
  })
  if (result.success) return result.data
  return { wrong: result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') }
}
