import { describe, expect, it } from 'vitest'
import { issuesOf, verdictOf } from '../../../infra/cli/support/status/issues.ts'
import { findingsFrom } from '../../../infra/cli/support/status/payments-and-parked.ts'
import type { ProcessReport, Report } from '../../../infra/cli/support/status/report.ts'
import { reportInJson, reportLines } from '../../../infra/cli/support/status/words.ts'

const names = ['postgres', 'kafka', 'connect', 'relay', 'order', 'payment', 'notification']
const processes: readonly ProcessReport[] = names.map((name, index) => ({
  name,
  state: 'ready',
  port: 3_000 + index,
  pid: 100 + index,
  waitsFor: [],
}))
const group = {
  group: 'payment-service',
  state: 'Stable',
  members: 1,
  topic: 'order.events',
  lagMessages: 4,
  expected: true,
}
const slot = { name: 'paysaga_outbox', active: true, walStatus: 'reserved', lagBytes: 128 }
const connector = { name: 'paysaga-outbox', state: 'RUNNING', tasks: [{ id: 0, state: 'RUNNING' }] }
const parked = { service: 'payment', state: 'waiting', cause: 'content', type: 'OrderPlaced', keys: 1 } as const
const review = { orderId: 'o', condition: 'review', operation: 'capture', since: '2026-11-30T00:00:00Z' }

const well: Report = {
  processes,
  connectors: { rows: [connector] },
  groups: { rows: [group] },
  slots: { rows: [slot] },
  parked: { rows: [] },
  reviews: { rows: [] },
  findings: { rows: [] },
}
const withProcess = (name: string, change: Partial<ProcessReport>): Report => ({
  ...well,
  processes: processes.map((each) => (each.name === name ? { ...each, ...change } : each)),
})

describe('the status', () => {
  it('is well when everything answers, also with a lag', () => {
    expect(issuesOf(well)).toEqual([])
    expect(verdictOf(well, [])).toBe('all is well: 7 processes, 1 connector, lag 4, nothing parked')
  })

  it.each<[string, Report]>([
    ['payment is silent', withProcess('payment', { state: 'silent' })],
    ['payment is dead', withProcess('payment', { state: 'dead' })],
    ['payment is paused', withProcess('payment', { state: 'paused' })],
    ['payment is stopped', withProcess('payment', { state: 'stopped' })],
    ['no connector is registered', { ...well, connectors: { rows: [] } }],
    ['connector paysaga-outbox is PAUSED', { ...well, connectors: { rows: [{ ...connector, state: 'PAUSED' }] } }],
    ['connector paysaga-outbox has no task', { ...well, connectors: { rows: [{ ...connector, tasks: [] }] } }],
    [
      'task 0 of paysaga-outbox is FAILED',
      { ...well, connectors: { rows: [{ ...connector, tasks: [{ id: 0, state: 'FAILED', error: 'x' }] }] } },
    ],
    ['group payment-service has no member', { ...well, groups: { rows: [{ ...group, members: 0 }] } }],
    ['there is no replication slot', { ...well, slots: { rows: [] } }],
    ['slot paysaga_outbox is inactive', { ...well, slots: { rows: [{ ...slot, active: false }] } }],
    [
      'the write-ahead log of slot paysaga_outbox is lost',
      { ...well, slots: { rows: [{ ...slot, walStatus: 'lost' }] } },
    ],
    [
      'the write-ahead log of slot paysaga_outbox is unreserved',
      { ...well, slots: { rows: [{ ...slot, walStatus: 'unreserved' }] } },
    ],
    ['1 key is parked in payment', { ...well, parked: { rows: [parked] } }],
    [
      '5 keys are parked in payment, 4 dead',
      { ...well, parked: { rows: [parked, { ...parked, state: 'dead', keys: 4 }] } },
    ],
    ['1 payment is in review', { ...well, reviews: { rows: [review] } }],
    ['2 payments are in review', { ...well, reviews: { rows: [review, review] } }],
    ['1 finding of reconciliation is open', { ...well, findings: { rows: [{ kind: 'missing_here', count: 1 }] } }],
    [
      '3 findings of reconciliation are open',
      { ...well, findings: { rows: [1, 2].map((count) => ({ kind: 'extra_here', count })) } },
    ],
    ['connectors cannot be read: no', { ...well, connectors: { rows: null, unread: 'no' } }],
    ['consumer groups cannot be read: no', { ...well, groups: { rows: null, unread: 'no' } }],
    ['replication slots cannot be read: no', { ...well, slots: { rows: null, unread: 'no' } }],
    ['parked keys cannot be read: no', { ...well, parked: { rows: null, unread: 'no' } }],
    ['payments in review cannot be read: no', { ...well, reviews: { rows: null, unread: 'no' } }],
    ['findings of reconciliation cannot be read: no', { ...well, findings: { rows: null, unread: 'no' } }],
  ])('is not well: %s', (issue, report) => {
    expect(issuesOf(report)).toEqual([issue])
    expect(verdictOf(report, issuesOf(report))).toBe(`not well: ${issue}`)
  })

  it('names several issues in one line', () => {
    const report = { ...withProcess('payment', { state: 'silent' }), parked: { rows: [parked] } }
    expect(verdictOf(report, issuesOf(report))).toBe('not well: payment is silent; 1 key is parked in payment')
  })

  it('says of a checkout that runs nothing no more than that, and what holds its ports', () => {
    const unread = { connectors: { rows: null }, groups: { rows: null }, slots: { rows: null } }
    const stopped = (portHeldBy?: string): Report => ({
      ...unread,
      processes: processes.map(({ name, port }) => ({
        name,
        state: 'stopped',
        port,
        waitsFor: [],
        ...(portHeldBy === undefined ? {} : { portHeldBy }),
      })),
      parked: { rows: null },
      reviews: { rows: null },
      findings: { rows: null },
    })
    expect(issuesOf(stopped())).toEqual(['nothing runs'])
    expect(issuesOf(stopped('process 9'))).toEqual([
      'nothing runs',
      '7 ports of this checkout are held by other processes',
    ])
    expect(issuesOf(withProcess('order', { portHeldBy: 'process 9' }))).toEqual([
      'port 3004 of order is held by another process',
    ])
  })

  it('is well with a payment whose outcome is unknown, and with a group that a person made and left', () => {
    const unknown = { ...review, condition: 'unknown' }
    const left = { ...group, group: 'my-experiment', members: 0, expected: false }
    expect(issuesOf({ ...well, reviews: { rows: [unknown] }, groups: { rows: [group, left] } })).toEqual([])
  })

  it('is one JSON document for a program', () => {
    const report = { ...well, parked: { rows: [parked] }, slots: { rows: null } }
    expect(JSON.parse(reportInJson(report, issuesOf(report)))).toEqual({
      well: false,
      issues: ['1 key is parked in payment'],
      processes,
      connectors: [connector],
      groups: [group],
      slots: null,
      parked: [parked],
      reviews: [],
      findings: [],
    })
  })

  it('shows below its first line what each part waits for, and the payments that wait for a person', () => {
    const report = {
      ...withProcess('payment', { state: 'silent', waitsFor: ['Kafka: no answer'] }),
      parked: { rows: [parked] },
      reviews: { rows: Array.from({ length: 12 }, () => review) },
      findings: { rows: null, unread: 'no answer' },
    }
    const shown = reportLines(report).join('\n')
    expect(shown).toMatch(/payment +silent +105/)
    expect(shown).toContain('payment: Kafka: no answer')
    expect(shown).toMatch(/payment +waiting +content +OrderPlaced +1/)
    expect(shown).toContain('and 2 more')
    expect(shown).toContain('findings of reconciliation cannot be read: no answer')
  })
})

describe('open findings', () => {
  it('are read from what the payment service counts for its metrics', () => {
    const exposition = [
      '# TYPE paysaga_reconciliation_findings gauge',
      'paysaga_reconciliation_findings{kind="missing_here"} 2',
      'paysaga_reconciliation_findings{kind="extra_here"} 0',
    ].join('\n')
    expect(findingsFrom(exposition)).toEqual([{ kind: 'missing_here', count: 2 }])
  })

  it('are unknown, and not none, before it has counted', () => {
    expect(() => findingsFrom('process_cpu_seconds_total 1')).toThrow('has not counted them yet')
  })
})
