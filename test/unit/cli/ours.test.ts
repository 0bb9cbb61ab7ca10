import { describe, expect, it } from 'vitest'
import { complaintOf, type Whereabouts } from '../../../infra/cli/support/stack/ours.ts'

const order: Whereabouts = { name: 'order', port: 3001, state: 'running', id: 'process 7', ports: [3001] }

describe('a part that a command talks to', () => {
  it('may be talked to when it was started here and listens where it should', () => {
    expect(complaintOf(order)).toBeUndefined()
  })

  it.each<[string, Partial<Whereabouts>, string]>([
    ['runs on another port', { ports: [4001] }, 'order runs on port 4001, and the settings say 3001'],
    ['is paused', { state: 'paused' }, 'order (process 7) is paused'],
    ['has died', { state: 'gone' }, 'make logs S=order says why'],
    ['was not started', { state: 'absent' }, 'order does not run: make up starts it.'],
    [
      'was not started while another checkout holds the port',
      { state: 'absent', holder: 'process 9 (node apps/order/main.ts in elsewhere)' },
      'port 3001 is held by process 9 (node apps/order/main.ts in elsewhere)',
    ],
  ])('is not talked to when it %s', (_, facts, message) => {
    expect(complaintOf({ ...order, ...facts })).toContain(message)
  })
})
