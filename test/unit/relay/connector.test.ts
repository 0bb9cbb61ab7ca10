import { describe, expect, it } from 'vitest'
import type { Connect } from '../../../apps/relay/connect.ts'
import { desiredConnector, keepConnector } from '../../../apps/relay/connector.ts'

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

describe('a connector as it should be', () => {
  it('has what its database and the settings say in the place of the template’s names, and keeps its own', () => {
    const template = JSON.stringify({
      'database.hostname': '${DATABASE_HOST}',
      'slot.name': '${SLOT_NAME}',
      'poll.interval.ms': '${POLL_MS}',
      'topic.replacement': '${routedByValue}.events',
    })
    expect(desiredConnector(template, 'postgres://relay:secret@db:5433/shop-1', 20)).toEqual({
      name: 'shop-1-outbox',
      config: {
        'database.hostname': 'db',
        'slot.name': 'shop_1_outbox',
        'poll.interval.ms': '20',
        'topic.replacement': '${routedByValue}.events',
      },
    })
  })
})

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
