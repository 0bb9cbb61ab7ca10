import { html } from 'hono/html'
import type { Summary } from './message.ts'

/** Senders choose what stands in here: nothing in it may run. */
export const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

/** A list for people. `html` escapes every value. */
export const listPage = (messages: readonly Summary[]) => html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Mail sink</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color-scheme: light dark }
  table { border-collapse: collapse; width: 100% }
  th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8884 }
</style>
<h1>Mail sink</h1>
<p>${messages.length === 0 ? 'No mail yet.' : `The newest ${messages.length} messages. None was delivered.`}</p>
<table>
<thead><tr><th>Received</th><th>To</th><th>Subject</th><th>Order</th></tr></thead>
<tbody>
${messages.map(
  ({ id, receivedAt, to, subject, orderId }) =>
    html`<tr><td>${receivedAt}</td><td>${to.join(', ')}</td><td><a href="/messages/${id}">${subject || '(no subject)'}</a></td><td>${orderId ?? ''}</td></tr>
`,
)}
</tbody>
</table>
</html>`
