import { inspect } from '../../../docker/engine.ts'
import { containerName, projectName } from '../../../docker/project.ts'
import { daemonFiles, recall } from '../../../process/daemon.ts'
import { occupant } from '../../../process/ports.ts'
import { lookUp } from '../../../process/process-table.ts'
import { type ServiceName, serviceNames, servicePort } from '../../../services.ts'
import { type Component, components } from '../../../stack.ts'
import type { Local } from './local.ts'

/** A component of the stack or a service. */
export type Part = Component | ServiceName
export const parts: readonly Part[] = [...components, ...serviceNames]

export interface Whereabouts {
  readonly name: Part
  /** Where this directory expects it. */
  readonly port: number
  /** By the records of this directory alone: `gone` was started here and not ended by a command. */
  readonly state: 'running' | 'paused' | 'gone' | 'absent'
  /** How it is called where it runs: a process's number, a container's name. */
  readonly id?: string
  /** Where it really listens, as far as the records know. */
  readonly ports?: readonly number[]
  /** What else holds the port, in words. */
  readonly holder?: string
}

/**
 * Throws unless each of these runs and was started from this directory. Ports alone do not tell: a second checkout with
 * the same ports would be asked, and changed. Called once by each command that talks to a part, before its first word.
 */
export async function demandOurs(local: Local, ...names: readonly Part[]): Promise<void> {
  const strangers = await strangersIn(local, names)
  if (strangers.length > 0) throw notOurs(local, strangers)
}

/** A part that a command must not talk to, and why. */
export interface Stranger extends Whereabouts {
  readonly why: string
}

export async function strangersIn(local: Local, names: readonly Part[]): Promise<readonly Stranger[]> {
  const found = await Promise.all(names.map((name) => whereabouts(local, name)))
  return found.flatMap((each) => {
    const why = complaintOf(each)
    return why === undefined ? [] : [{ ...each, why }]
  })
}

export function notOurs({ stack }: Local, strangers: readonly Stranger[]): Error {
  const isHeld = strangers.some(({ holder }) => holder !== undefined)
  const advice = `This checkout keeps its stack in ${stack.directory}. Call the command where that process belongs, or give this checkout other ports in .env and make up.`
  return new Error([...strangers.map(({ why }) => why), ...(isHeld ? [advice] : [])].join('\n'))
}

/** Why it must not be talked to; undefined when it runs here. */
export function complaintOf({ name, port, state, id, ports, holder }: Whereabouts): string | undefined {
  switch (state) {
    case 'running':
      return ports?.includes(port) === false
        ? `${name} runs on port ${ports.join(', ')}, and the settings say ${port}: make down and make up move it.`
        : undefined
    case 'paused':
      return `${name} (${id}) is paused and answers nothing: a SIGCONT lets it go on.`
    case 'gone':
      return `${name} is gone and was not ended by make down: make logs S=${name} says why, make up starts it.`
    case 'absent':
      return holder === undefined
        ? `${name} does not run: make up starts it.`
        : `${name} of this checkout does not run, and port ${port} is held by ${holder}.`
  }
}

async function whereabouts(local: Local, name: Part): Promise<Whereabouts> {
  const port = portOf(local, name)
  const isContainer = isComponent(name) && local.provider !== 'native'
  const facts = isContainer ? await containerOf(local, name) : await processOf(local, name)
  if (facts.state !== 'absent') return { name, port, ...facts }
  const holder = await occupant(port)
  return { name, port, ...facts, ...(holder === undefined ? {} : { holder }) }
}

type Facts = Pick<Whereabouts, 'state' | 'id' | 'ports'>

async function processOf({ stack }: Local, name: Part): Promise<Facts> {
  const recorded = await recall(daemonFiles(stack.directory, name))
  if (recorded === undefined) return { state: 'absent' }
  const found = await lookUp(recorded.pid)
  if (found?.mark !== recorded.mark) return { state: 'gone' }
  return { state: found.paused ? 'paused' : 'running', id: `process ${recorded.pid}`, ports: [recorded.port] }
}

async function containerOf({ stack }: Local, component: Component): Promise<Facts> {
  const container = containerName(projectName(stack.directory), component)
  const found = await inspect(container)
  if (found === undefined) return { state: 'absent' }
  if (!found.running) return { state: 'gone' }
  return { state: found.paused ? 'paused' : 'running', id: `container ${container}`, ports: found.ports }
}

const portOf = ({ config }: Local, name: Part): number =>
  isComponent(name) ? config.stack.ports[name] : servicePort(config.servicePorts, name)

const isComponent = (name: Part): name is Component => components.some((component) => component === name)
