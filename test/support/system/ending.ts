import { expect, vi } from 'vitest'
import type { Listener } from '../kafka/topic-listener.ts'
import { limitMs } from '../limits.ts'
import type { Shop, ShopOrder } from './shop.ts'

/** How an order should have ended, by every witness there is. */
export interface Ending {
  readonly status: ShopOrder['status']
  readonly reason?: string
  /** What `GET /payments/:id` says: `voided`, `declined expired_card`. */
  readonly payment: string
  /** What the gateway's record has, where it has anything: holds placed, let go, captures, refunds. */
  readonly charges:
    | { readonly authorised: number; readonly voided: number; readonly captured: number; readonly refunded: number }
    | 'none'
  /** The events on Kafka, each topic in its order. */
  readonly order: string
  readonly paid: string
  /** The mails' subjects in the order of their arrival, and words of each. */
  readonly mails: readonly (readonly [subject: string, words: string])[]
}

const within = { timeout: limitMs(15_000), interval: 50 }

/** Holds an order that has ended against all of it. */
export async function expectEnding({ shop, listener }: { shop: Shop; listener: Listener }, id: string, ending: Ending) {
  const { status, reason, payment, charges, mails } = ending
  const order = await shop.get(id)
  expect(order).toMatchObject({ status, settled: true, onHold: false, ...(reason === undefined ? {} : { reason }) })
  const paid = await shop.payment(id)
  expect([paid.status, ...(paid.code === undefined ? [] : [paid.code])].join(' ')).toBe(payment)
  expect(paid).toMatchObject({
    condition: 'ok',
    capturedMinor: order.capturedMinor,
    refundedMinor: order.refundedMinor,
  })

  const [record, ...others] = await shop.charges(id)
  expect(others).toEqual([])
  const netMinor = record?.netMinor ?? 0
  expect(netMinor).toBe(status === 'paid' ? order.totalMinor - order.refundedMinor : 0)
  expect(netMinor).toBe(order.capturedMinor - order.refundedMinor)
  if (charges === 'none') expect(record).toBeUndefined()
  else {
    const counts = {
      authorised: record?.authorised.count,
      voided: record?.voided.count,
      captured: record?.captured.count,
      refunded: record?.refunded.count,
    }
    expect(counts).toEqual(charges)
  }

  const said = () => [numbered(listener.path('order.events', id)), numbered(listener.path('payment.events', id))]
  await vi.waitFor(() => expect(said()).toEqual([ending.order, ending.paid]), within)
  await vi.waitFor(async () => expect(await shop.mails(id)).toHaveLength(mails.length), within)
  const arrived = (await shop.mails(id)).toReversed()
  expect(arrived.map(({ subject }) => subject)).toEqual(mails.map(([subject]) => subject))
  for (const [index, { id: mailId }] of arrived.entries()) {
    expect(await shop.mailText(mailId)).toContain(mails[index]?.[1])
  }
  expect(new Set(arrived.map(({ messageId }) => messageId)).size).toBe(mails.length)
}

/** The types, where the versions count 1, 2, 3 …; else the versions too. */
function numbered(path: readonly string[]): string {
  const types = path.map((one, index) => (one.startsWith(`${index + 1} `) ? one.slice(one.indexOf(' ') + 1) : one))
  return types.join(' ')
}

export const nothing = { authorised: 0, voided: 0, captured: 0, refunded: 0 } as const
export const letGo = { authorised: 1, voided: 1, captured: 0, refunded: 0 } as const
export const givenBack = { authorised: 1, voided: 0, captured: 1, refunded: 1 } as const
export const taken = { authorised: 1, voided: 0, captured: 1, refunded: 0 } as const

export const confirmation = ['Your order is confirmed', 'we have your order over'] as const
export const cancellation = (words: string) => ['Your order is cancelled', words] as const
