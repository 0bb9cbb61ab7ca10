import { z } from 'zod'
import { servicePort } from '../../../services.ts'
import type { Participant } from '../arguments/redrive-request.ts'
import { askAsOperator } from '../ask.ts'
import { parkedAt } from '../parked.ts'
import type { Local } from '../stack/local.ts'
import type { FindingReport, ParkedReport, ReviewReport } from './report.ts'

const timeoutMs = 3_000

/** What each of these services has parked, grouped as it groups them. */
export async function parkedIn(local: Local, services: readonly Participant[]): Promise<readonly ParkedReport[]> {
  const each = await Promise.all(
    services.map(async (service) => {
      const { groups } = await parkedAt(local, { service, timeoutMs })
      return groups.map((group) => ({ service, ...group }))
    }),
  )
  return each.flat()
}

const doubts = z.object({
  payments: z.array(
    z.object({
      orderId: z.string(),
      condition: z.string(),
      operation: z.string(),
      reason: z.string().optional(),
      since: z.string(),
    }),
  ),
})

/** Payments in review and those whose outcome is unknown, the oldest orders first, at most a thousand. */
export async function reviewsIn(local: Local): Promise<readonly ReviewReport[]> {
  const answer = await askAsOperator(local, { service: 'payment', path: '/ops/payments?limit=1000', timeoutMs })
  return doubts
    .parse(answer)
    .payments.map(({ reason, ...rest }) => ({ ...rest, ...(reason === undefined ? {} : { reason }) }))
}

/** Open findings of every reconciliation until now. The service counts them for its metrics, and lists only those of one run. */
export async function findingsIn({ config }: Local): Promise<readonly FindingReport[]> {
  const url = `http://127.0.0.1:${servicePort(config.servicePorts, 'payment')}/metrics`
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
  return findingsFrom(await response.text())
}

const sample = /^paysaga_reconciliation_findings\{(?:[^}]*,)?kind="([^"]*)"[^}]*\} (\S+)/gm

/** @param exposition in Prometheus' text format */
export function findingsFrom(exposition: string): readonly FindingReport[] {
  const samples = [...exposition.matchAll(sample)]
  if (samples.length === 0) throw new Error('the payment service has not counted them yet')
  return samples.map(([, kind = '', value]) => ({ kind, count: Number(value) })).filter(({ count }) => count > 0)
}
