import type { ProcessState } from '../../../stack.ts'
import type { Participant } from '../arguments/redrive-request.ts'

/** Everything that `make status` looks at, as it was found. Field names are those of `--json`. */
export interface Report {
  readonly processes: readonly ProcessReport[]
  readonly connectors: Section<ConnectorReport>
  readonly groups: Section<GroupReport>
  readonly slots: Section<SlotReport>
  readonly parked: Section<ParkedReport>
  readonly reviews: Section<ReviewReport>
  readonly findings: Section<FindingReport>
}

/** `rows` is null where the part that knows does not run, or where asking it failed: `unread` says which. */
export interface Section<Row> {
  readonly rows: readonly Row[] | null
  readonly unread?: string
}

export interface ProcessReport {
  readonly name: string
  readonly state: ProcessState
  readonly pid?: number
  readonly container?: string
  readonly port: number
  readonly memoryBytes?: number
  /** What it says at /readyz that it waits for. */
  readonly waitsFor: readonly string[]
  /** What else listens on its port while it does not run, in words. */
  readonly portHeldBy?: string
}

export interface ConnectorReport {
  readonly name: string
  readonly state: string
  readonly tasks: readonly { readonly id: number; readonly state: string; readonly error?: string }[]
}

export interface GroupReport {
  readonly group: string
  readonly state: string
  readonly members: number
  readonly topic: string
  readonly lagMessages: number
  /** Of the services, and not one that a person made. */
  readonly expected: boolean
}

export interface SlotReport {
  readonly name: string
  readonly active: boolean
  readonly walStatus: string | null
  readonly lagBytes: number | null
}

export interface ParkedReport {
  readonly service: Participant
  readonly state: string
  readonly cause: string
  readonly type: string
  readonly keys: number
}

export interface ReviewReport {
  readonly orderId: string
  readonly condition: string
  readonly operation: string
  readonly reason?: string
  readonly since: string
}

export interface FindingReport {
  readonly kind: string
  readonly count: number
}
