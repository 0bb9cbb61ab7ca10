import { afterEach, describe, expect, it, vi } from 'vitest'
import { limitMs } from '../../support/limits.ts'
import { cliOf, runCliOf } from '../../support/system/cli.ts'
import { openShop } from '../../support/system/shop.ts'

const shop = openShop()
const within = { timeout: limitMs(30_000), interval: 100 }

const cli = cliOf(shop)
/** It fails where something is wrong, which is what these tests are about. */
const status = async () => (await runCliOf(shop)('status')).stdout
const saga = (id: string) => cli('saga', id)

describe('make status', () => {
  afterEach(async () => {
    await shop.stack.start('connect')
    await shop.services.start('notification')
  })

  it('shows each process with its memory, the task, every group’s lag and the slot', async () => {
    const { id } = await shop.place()
    await expect.poll(async () => (await shop.get(id)).status, within).toBe('paid')
    await vi.waitFor(async () => {
      const shown = await status()
      expect(shown).toMatch(/order-service +Stable +1 +payment\.events +0 messages/)
      expect(shown).toMatch(/payment +ready +\d+ +\d+ MB +127\.0\.0\.1:\d+/)
      expect(shown).toMatch(/paysaga-outbox +RUNNING +task 0 RUNNING/)
      expect(shown).toMatch(/payment-service +Stable +1 +order\.events +\d+ messages/)
      expect(shown).toMatch(/notification-service +Stable +1 +order\.events +\d+ messages/)
      expect(shown).toMatch(/paysaga_outbox +active +reserved +\d+ bytes/)
    }, within)
  })

  it('says what a service that is not ready waits for, and that nobody reads the slot', async () => {
    await shop.stack.stop('connect')
    await expect.poll(status, within).toMatch(/relay: connector paysaga-outbox: Kafka Connect: \w+/)
    await shop.place()
    await expect.poll(status, within).toMatch(/paysaga_outbox +inactive +reserved +[1-9]\d* bytes/)
  })

  it('counts what a group that is away has before it', async () => {
    await shop.services.stop('notification')
    const { id } = await shop.place()
    await expect.poll(async () => (await shop.get(id)).status, within).toBe('paid')
    await expect.poll(status, within).toMatch(/notification-service +Empty +0 +order\.events +[3-9] messages/)
  })
})

describe('make saga', () => {
  afterEach(async () => {
    for (const name of ['gateway-simulator', 'payment', 'notification', 'order'] as const) {
      await shop.services.start(name)
    }
  })
  const paid = async (id: string) => {
    await expect.poll(async () => (await shop.get(id)).status, within).toBe('paid')
  }

  it('names the answer that is awaited, from whom and until when, and in the end that nothing is', async () => {
    await shop.services.stop('payment')
    const { id } = await shop.place()
    const waiting = await saga(id)
    expect(waiting).toMatch(/0 ms {2}order +OrderPlaced/)
    expect(waiting).toMatch(/from payment +PaymentAuthorized or PaymentDeclined, to answer OrderPlaced/)
    expect(waiting).toMatch(/deadline of order +in 1[45] min.*, \d{4}-.*Z/)
    expect(waiting).not.toContain('from notification')
    await shop.services.start('payment')
    await paid(id)
    await expect.poll(() => saga(id), within).toContain('nothing is awaited')
  })

  it('shows the call that is outstanding, how often it was tried and when it is tried again', async () => {
    await shop.services.stop('gateway-simulator')
    const { id } = await shop.place()
    await expect
      .poll(() => saga(id), within)
      .toMatch(/call of payment +Authorise, [1-9]\d* attempts?, .*(in \d+ s|now)/)
    await shop.services.start('gateway-simulator')
    await paid(id)
  })

  it('waits for the mail of a finished order, and for nothing else of it', async () => {
    await shop.services.stop('notification')
    const { id } = await shop.place()
    await paid(id)
    const shown = await saga(id)
    expect(shown).toMatch(/from notification +NotificationSent, to answer OrderConfirmed/)
    expect(shown).not.toMatch(/from payment|from order|deadline of/)
  })

  it('can be asked while the order service is away', async () => {
    const { id } = await shop.place()
    await paid(id)
    // The mail comes after.
    await expect.poll(() => saga(id), within).toContain('nothing is awaited')
    await shop.services.stop('order')
    const shown = await saga(id)
    expect(shown).toContain('the order service is stopped')
    expect(shown).toMatch(/order +OrderPaid/)
    expect(shown).toContain('nothing is awaited')
    await shop.services.start('order')
  })

  it('awaits the refund of a paid order', async () => {
    const { id } = await shop.place()
    await paid(id)
    await shop.services.stop('payment')
    const asked = await shop.post({ amountMinor: 100 }, { path: `/orders/${id}/refunds` })
    expect(asked.status).toBe(202)
    expect(await saga(id)).toMatch(/from payment +PaymentRefunded/)
    await shop.services.start('payment')
    await expect.poll(() => saga(id), within).toContain('nothing is awaited')
  })
})
