import { describe, expect, it } from 'vitest'
import type { Connect } from '../../../apps/relay/connect.ts'
import { keepConnector } from '../../../apps/relay/connector.ts'

const desired = { name: 'shop-outbox', config: { 'tasks.max': '1' } }

/** Kafka Connect with one connector, whose task is in this state. */
function connectWith(task: string | undefined) {
  const restarts: string[] = []
  const connect: Connect = {
    config: () => Promise.resolve({ ...desired.config, name: desired.name }),
    configure: () => Promise.reject(new Error('it is configured')),
    status: () =>
      Promise.resolve({ connector: { state: 'RUNNING' }, tasks: task === undefined ? [] : [{ state: task }] }),
    restart: async (_name, which) => void restarts.push(which),
  }
  return { connect, restarts }
}

describe('the keeper of a connector', () => {
  it.each(['RUNNING', 'UNASSIGNED', undefined])(
    'leaves one alone whose task is %s, as long as it is not stuck',
    async (task) => {
      const { connect, restarts } = connectWith(task)
      expect((await keepConnector(connect, desired)).is).toBe(task === 'RUNNING' ? 'running' : 'waiting')
      expect(restarts).toEqual([])
    },
  )

  it('restarts what has failed, and only that', async () => {
    const { connect, restarts } = connectWith('FAILED')
    expect(await keepConnector(connect, desired)).toMatchObject({ is: 'mended', how: 'restarted' })
    expect(restarts).toEqual(['failed'])
  })

  it.each(['UNASSIGNED', undefined])('restarts all of one that is stuck with a task that is %s', async (task) => {
    const { connect, restarts } = connectWith(task)
    expect(await keepConnector(connect, desired, true)).toMatchObject({ is: 'mended', how: 'restarted' })
    expect(restarts).toEqual(['all'])
  })

  it('does not restart one that runs, however long it was stuck', async () => {
    const { connect, restarts } = connectWith('RUNNING')
    expect(await keepConnector(connect, desired, true)).toEqual({ is: 'running' })
    expect(restarts).toEqual([])
  })
})
