import { html } from 'hono/html'
import { eventTypes } from '../engine/state.ts'
import { type Fault, faultOperations } from '../faults/faults.ts'
import { requestPresets, webhookPresets } from './fault-form.ts'

export type ListedFault = Fault & { readonly struck: number }

export const faultSection = (faults: readonly ListedFault[], wrong: string | undefined) => html`
<h2 id="faults">Faults</h2>
${wrong === undefined ? '' : html`<p role="alert">That is no fault: ${wrong}</p>`}
${
  faults.length === 0
    ? html`<p class="quiet">None: it behaves.</p>`
    : html`<div class="scroll"><table>
<thead><tr><th scope="col">What it does</th><th scope="col">To what</th><th scope="col">How often</th><th scope="col" class="amount">Has struck</th></tr></thead>
<tbody>${faults.map(faultRow)}</tbody>
</table></div>
<form method="post" action="/simulator/faults/clear"><button>Behave</button></form>`
}
<form class="fields" method="post" action="/simulator/faults">
<label>What it does <select name="what" required>
<optgroup label="To requests">${requestPresets.map(option)}</optgroup>
<optgroup label="To webhooks">${webhookPresets.map(option)}</optgroup>
</select></label>
<label>Request <select name="operation"><option value="">any</option>${faultOperations.map(plain)}</select></label>
<label>Event, for webhooks <select name="event"><option value="">any</option>${eventTypes.map(plain)}</select></label>
<label>Order <input name="orderId"></label>
<label>Amount in minor units <input name="amount" type="number" min="1" class="short"></label>
<label>Percent <input name="percent" type="number" min="0.01" max="100" step="0.01" class="short" placeholder="100"></label>
<label>Times <input name="times" type="number" min="1" class="short" placeholder="always"></label>
<button>Add</button>
</form>
`

const option = ({ name, label }: { name: string; label: string }) => html`<option value="${name}">${label}</option>`
const plain = (name: string) => html`<option>${name}</option>`

function faultRow({ match, rate, times, do: deed, struck }: ListedFault) {
  const { operation, event, orderId, amount } = match
  const of = [
    'webhook' in deed ? `webhooks${event === undefined ? '' : ` ${event}`}` : undefined,
    operation ?? ('webhook' in deed ? undefined : 'any request'),
    orderId === undefined ? undefined : `of order ${orderId}`,
    amount === undefined ? undefined : `over ${amount}`,
  ]
  const often = [
    rate === undefined ? undefined : `${rate * 100} %`,
    times === undefined ? undefined : `${times} times at most`,
  ]
  const words = (parts: readonly (string | undefined)[]) => parts.filter((part) => part !== undefined).join(', ')
  return html`
<tr><td><code>${JSON.stringify(deed)}</code></td><td>${words(of)}</td><td>${words(often) || 'always'}</td><td class="amount ${struck > 0 ? 'bad' : ''}">${struck}</td></tr>`
}
