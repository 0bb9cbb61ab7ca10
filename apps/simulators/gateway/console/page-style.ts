import { hash } from 'node:crypto'

export const style = `
:root { color-scheme: light dark; --line: #8886; --quiet: #6b7280; --bad: #c2410c; --good: #15803d }
@media (prefers-color-scheme: dark) { :root { --quiet: #9ca3af; --bad: #fb923c; --good: #4ade80 } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 75rem; padding: 1.5rem }
h1 { font-size: 1.5rem; margin: 0 }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; vertical-align: top; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line) }
caption { text-align: left; padding-bottom: .3rem }
th { font-weight: 600; white-space: nowrap }
td.amount, th.amount { text-align: right; white-space: nowrap }
code { font-size: .85em }
td code { white-space: nowrap }
.scroll { overflow-x: auto }
.quiet { color: var(--quiet) }
.bad { color: var(--bad); font-weight: 600 }
.good { color: var(--good) }
dl { display: flex; flex-wrap: wrap; gap: .3rem 2.5rem; margin: 1rem 0 }
dt { color: var(--quiet) }
dd { margin: 0; font-size: 1.2rem; font-variant-numeric: tabular-nums }
form { margin: .7rem 0 }
form.fields { display: flex; flex-wrap: wrap; gap: .7rem 1rem; align-items: end }
label { display: flex; flex-direction: column; gap: .15rem; min-width: 0; max-width: 100%; color: var(--quiet); font-size: .9rem }
input, select, button { font: inherit; height: 2.2rem; padding: 0 .5rem; max-width: 100%; box-sizing: border-box }
input.short { width: 6rem }
button { cursor: pointer; padding-inline: 1rem }
[role=alert] { border: 1px solid var(--bad); color: var(--bad); padding: .5rem .8rem }
`

/** Whoever calls the simulator chooses what stands in the page: nothing in it may run, nor be fetched from anywhere. */
export const pagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${hash('sha256', style, 'base64')}'`,
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')
