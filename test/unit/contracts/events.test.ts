import { describe, expect, it } from 'vitest'
import { choreography, decodeEvent, encodeEvent, events, on } from '#contracts'

const ids = {
  orderId: '0190a000-0000-7000-8000-000000000002',
  merchantId: '0190a000-0000-7000-8000-000000000001',
}

describe('events', () => {
  it('each have a schema and a place in the choreography', () => {
    expect(Object.keys(events).toSorted((a, b) => a.localeCompare(b))).toEqual(
      Object.keys(choreography).toSorted((a, b) => a.localeCompare(b)),
    )
  })

  it('travel without their type, which is a header, and with money as integers', () => {
    const event = { type: 'OrderConfirmed', ...ids, totalMinor: 1_290n } as const
    const payload = encodeEvent(event)
    expect(JSON.parse(payload)).toEqual({ ...ids, totalMinor: 1_290 })
    expect(decodeEvent('OrderConfirmed', payload)).toEqual(event)
  })

  it('may have members that we do not know yet, and may not lack one that we know', () => {
    const payload = { ...ids, totalMinor: 1, addedNextYear: true }
    expect(decodeEvent('OrderConfirmed', JSON.stringify(payload))).toEqual({
      type: 'OrderConfirmed',
      ...ids,
      totalMinor: 1n,
    })
    expect(() => decodeEvent('OrderConfirmed', JSON.stringify(ids))).toThrow('totalMinor')
  })

  it('are read from the topic of the service that says them', () => {
    expect(on('payment', 'PaymentAuthorized', 'PaymentDeclined')).toMatchObject({ topic: 'payment.events' })
    // @ts-expect-error: an order's event does not come from the payment service
    expect(on('payment', 'OrderPlaced').topic).toBe('payment.events')
  })
})
