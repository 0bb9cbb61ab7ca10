import { describe, expect, it } from 'vitest'
import { planFor } from '../../../infra/cli/support/stack/plan.ts'

const whole = ['postgres', 'kafka', 'connect']
const inWords = (only: string) => {
  const { components, services, topics, migrations } = planFor(only)
  return { components: [...components].toSorted(), services: [...services].toSorted(), topics, migrations }
}

describe('what make up starts', () => {
  it('is everything unless ONLY says some', () => {
    const services = ['gateway-simulator', 'mail-sink', 'notification', 'order', 'payment', 'relay']
    expect(inWords('')).toEqual({ components: whole.toSorted(), services, topics: true, migrations: true })
  })

  it.each([
    ['stack', { components: whole, services: [], topics: true, migrations: false }],
    ['postgres', { components: ['postgres'], services: [], topics: false, migrations: false }],
    ['kafka', { components: ['kafka'], services: [], topics: true, migrations: false }],
    ['connect', { components: ['kafka', 'connect'], services: [], topics: true, migrations: false }],
    ['order', { components: whole, services: ['order'], topics: true, migrations: true }],
    ['relay', { components: whole, services: ['relay'], topics: true, migrations: true }],
    ['mail-sink', { components: [], services: ['mail-sink'], topics: false, migrations: false }],
    [
      'gateway-simulator, postgres',
      { components: ['postgres'], services: ['gateway-simulator'], topics: false, migrations: false },
    ],
    ['order,payment', { components: whole, services: ['order', 'payment'], topics: true, migrations: true }],
  ])('with ONLY=%s is that and what it needs', (only, { components, ...rest }) => {
    expect(inWords(only)).toEqual({ ...rest, components: components.toSorted() })
  })

  it.each([',', ' , '])('is refused with ONLY=%s, which would start nothing', (only) => {
    expect(() => planFor(only)).toThrow(/^ONLY=.* names nothing\. There are: stack, /)
  })

  it('is refused with the nearest name and with what exists', () => {
    expect(() => planFor('order,paymnt')).toThrow(
      'ONLY=paymnt does not exist. Did you mean payment? There are: stack, postgres, kafka, connect, mail-sink, gateway-simulator, relay, order, payment, notification.',
    )
  })
})
