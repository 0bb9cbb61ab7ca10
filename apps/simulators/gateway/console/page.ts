import { html, raw } from 'hono/html'
import type { Refund } from '../engine/state.ts'
import type { Charges } from '../inspection/charges.ts'
import type { summarise } from '../inspection/summary.ts'
import type { Standing, Webhooks } from '../webhooks/webhooks.ts'
import { faultSection, type ListedFault } from './page-faults.ts'
import { ordersTable, refundsTable, totals } from './page-money.ts'
import { style } from './page-style.ts'

export interface Shown {
  readonly summary: ReturnType<typeof summarise>
  /** Newest first, or the one that was asked for. */
  readonly orders: readonly Charges[]
  readonly ordersInAll: number
  readonly orderId: string
  readonly refunds: readonly Refund[]
  readonly faults: readonly ListedFault[]
  readonly webhooks: { readonly url: string | undefined; readonly counts: Webhooks['counts'] }
  readonly events: readonly ShownEvent[]
  /** What was wrong with the form that was sent. */
  readonly wrong: string | undefined
}

export interface ShownEvent {
  readonly id: string
  readonly type: string
  /** Unix seconds. */
  readonly created: number
  /** The id of its object. */
  readonly about: string
  readonly standing: Standing
}

/** All of it at once, without a script. `html` escapes every value. */
export const page = (shown: Shown) => html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gateway simulator</title>
<link rel="icon" href="data:,">
<style>${raw(style)}</style>
<main>
<h1>Gateway simulator</h1>
<p class="quiet">A stand-in card processor. What stands here is its own record of what it really did. <a href="/simulator">Look again</a> · <a href="/docs">API</a></p>
${totals(shown.summary)}
${faultSection(shown.faults, shown.wrong)}
<h2 id="orders">Charges by order</h2>
<form class="fields" method="get" action="/simulator">
<label>Order <input name="orderId" size="40" value="${shown.orderId}"></label>
<button>Show</button>
</form>
${ordersTable(shown)}
<h2 id="refunds">Refunds</h2>
${refundsTable(shown.refunds)}
<h2 id="webhooks">Webhooks</h2>
${webhookSection(shown)}
</main>
</html>`

function webhookSection({ webhooks: { url, counts }, events }: Shown) {
  return html`<p class="quiet">${url === undefined ? 'Nobody is told: GATEWAY_WEBHOOK_URL is not set.' : html`To <code>${url}</code>`}</p>
<dl>
<div><dt>delivered</dt><dd>${counts.delivered}</dd></div>
<div><dt>on their way</dt><dd>${counts.waiting}</dd></div>
<div><dt>given up or lost</dt><dd class="${counts.failed > 0 ? 'bad' : ''}">${counts.failed}</dd></div>
</dl>
${
  events.length === 0
    ? html`<p class="quiet">Nothing has happened yet.</p>`
    : html`<div class="scroll"><table>
<thead><tr><th scope="col">Event</th><th scope="col">About</th><th scope="col">When</th><th scope="col">Delivery</th></tr></thead>
<tbody>${events.map(eventRow)}</tbody>
</table></div>`
}`
}

const eventRow = ({ id, type, created, about, standing }: ShownEvent) => html`
<tr><td>${type}<br><code class="quiet">${id}</code></td><td><code>${about}</code></td><td>${timeOf(created)}</td><td>${said(standing)}</td></tr>`

const timeOf = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')

function said(standing: Standing) {
  switch (standing.is) {
    case 'delivered':
      return html`<span class="good">delivered</span>`
    case 'notWanted':
      return html`<span class="quiet">not asked for</span>`
    case 'gaveUp':
      return html`<span class="bad">given up</span>`
    case 'lost':
      return html`<span class="bad">lost on purpose</span>`
    case 'waiting':
      return html`on its way<br><span class="quiet">tried ${standing.attempts} times${standing.said === undefined ? '' : `, last answer: ${standing.said}`}</span>`
  }
}
