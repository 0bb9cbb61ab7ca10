import { z } from 'zod'
import { UsageError } from '../failure.ts'
import { choose } from './choice.ts'

/** The services that park what they cannot handle. */
export const participants = ['order', 'payment', 'notification'] as const
export type Participant = (typeof participants)[number]

/** Why a service parks a message; a test asks the services' own description. */
export const causes = ['content', 'gap', 'not-yet', 'undecodable', 'aggregate-missing'] as const

export const redriveUsage =
  "make redrive REASON='fixed in 1.2' [S=payment] [KEY=<order>] [CAUSE=content] [DRY=1] [DISCARD=1]"

export interface Redrive {
  readonly services: readonly Participant[]
  readonly filter: Readonly<Record<string, string>>
  readonly does: 'show' | 'redrive' | 'discard'
  readonly reason: string
  readonly isDry: boolean
}

export type RedriveArguments = Readonly<Record<'service' | 'key' | 'cause' | 'reason' | 'dry' | 'discard', string>>

/** What `make redrive` was asked for. Throws with what is wrong. */
export function parseRedrive({ service, key, cause, reason, dry, discard }: RedriveArguments): Redrive {
  const services = service === '' ? participants : [choose({ variable: 'S', value: service, known: participants })]
  if (key !== '' && !z.uuid().safeParse(key).success) {
    throw new UsageError(`KEY=${key} is not the id of an order, which is a UUID.`)
  }
  const chosen = cause === '' ? undefined : choose({ variable: 'CAUSE', value: cause, known: causes })
  const filter = {
    ...(key === '' ? {} : { key: key.toLowerCase() }),
    ...(chosen === undefined ? {} : { cause: chosen }),
  }
  if (reason === '' && (dry !== '' || discard !== '')) {
    throw new UsageError(`Say why, for it is kept with your name: ${redriveUsage}`)
  }
  if (discard !== '' && Object.keys(filter).length === 0) {
    throw new UsageError('DISCARD=1 wants a KEY or a CAUSE: what is given up does not come back.')
  }
  const does = reason === '' ? 'show' : discard === '' ? 'redrive' : 'discard'
  return { services, filter, does, reason, isDry: dry !== '' }
}
