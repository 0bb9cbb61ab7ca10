import { html } from 'hono/html'
import type { z } from 'zod'
import { formatMoney } from '#contracts'
import type { Refund } from '../engine/state.ts'
import type { Charges } from '../inspection/charges.ts'
import type { summarise, tally } from '../inspection/summary.ts'

/** Stripe sends these with two decimals although they have none, and one that has two without (docs.stripe.com/currencies). */
const centsOfNothing = new Set(['ISK', 'UGX'])
const wholeOnly = new Set(['MGA'])

function money(amount: number | bigint, currency: string): string {
  const code = currency.toUpperCase()
  const stripes = BigInt(amount)
  if (centsOfNothing.has(code)) return formatMoney(stripes / 100n, code)
  return formatMoney(wholeOnly.has(code) ? stripes * 100n : stripes, code)
}

export function totals(summary: ReturnType<typeof summarise>) {
  const currencies = Object.entries(summary)
  if (currencies.length === 0) return html`<p>No card has been charged yet.</p>`
  return currencies.map(
    ([currency, { intents, authorisedMinor, capturedMinor, refundedMinor, netMinor }]) => html`<dl>
<div><dt>intents</dt><dd>${Object.values(intents).reduce((sum, { count }) => sum + count, 0)}</dd></div>
<div><dt>held</dt><dd>${money(authorisedMinor, currency)}</dd></div>
<div><dt>captured</dt><dd>${money(capturedMinor, currency)}</dd></div>
<div><dt>refunded</dt><dd>${money(refundedMinor, currency)}</dd></div>
<div><dt>net</dt><dd>${money(netMinor, currency)}</dd></div>
</dl>
`,
  )
}

interface Orders {
  readonly orders: readonly Charges[]
  readonly ordersInAll: number
  readonly orderId: string
}

export function ordersTable({ orders, ordersInAll, orderId }: Orders) {
  if (orders.length === 0) {
    return html`<p class="quiet">${orderId === '' ? 'No order yet.' : `Nobody has asked for anything for ${orderId}.`}</p>`
  }
  return html`<div class="scroll"><table>
<caption class="quiet">${orderId === '' ? `The newest ${orders.length} of ${ordersInAll}` : 'What was asked for'}</caption>
<thead><tr><th scope="col">Order</th><th scope="col">Intents</th><th scope="col" class="amount">Held</th><th scope="col" class="amount">Captured</th><th scope="col" class="amount">Refunded</th><th scope="col" class="amount">Net</th></tr></thead>
<tbody>${orders.map(orderRow)}</tbody>
</table></div>`
}

function orderRow({ orderId, currency, authorised, voided, captured, refunded, netMinor, intents }: Charges) {
  return html`
<tr><td>${orderId === null ? html`<span class="quiet">none</span>` : html`<a href="/simulator?orderId=${encodeURIComponent(orderId)}"><code>${orderId}</code></a>`}</td>
<td>${intents.map(({ id, status }) => html`${status}<br><code class="quiet">${id}</code><br>`)}</td>
<td class="amount">${often(authorised, currency)}${voided.count > 0 ? html`<br><span class="quiet">let go ${timesOf(voided.count)}</span>` : ''}</td>
<td class="amount">${often(captured, currency)}</td>
<td class="amount">${often(refunded, currency, Infinity)}</td>
<td class="amount">${money(netMinor, currency)}</td></tr>`
}

/** More than `most` times is what nobody wants to see. */
function often({ count, amountMinor }: z.infer<typeof tally>, currency: string, most = 1) {
  if (count === 0) return html`<span class="quiet">–</span>`
  return html`${money(amountMinor, currency)}<br><span class="${count > most ? 'bad' : 'quiet'}">${timesOf(count)}</span>`
}

const timesOf = (count: number): string => (count === 1 ? 'once' : `${count} times`)

const later = { succeeded: 'succeeds later', failed: 'fails later' } as const

export function refundsTable(refunds: readonly Refund[]) {
  if (refunds.length === 0) return html`<p class="quiet">None yet.</p>`
  return html`<div class="scroll"><table>
<thead><tr><th scope="col">Refund</th><th scope="col">Intent</th><th scope="col" class="amount">Amount</th><th scope="col">Status</th></tr></thead>
<tbody>${refunds.map(
    ({ id, intentId, amount, currency, status, settles }) => html`
<tr><td><code>${id}</code></td><td><code>${intentId}</code></td><td class="amount">${money(amount, currency)}</td><td class="${status === 'failed' ? 'bad' : ''}">${status}${settles === undefined ? '' : `, ${later[settles.as]}`}</td></tr>`,
  )}</tbody>
</table></div>`
}
