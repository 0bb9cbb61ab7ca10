import type { ServiceName } from '../../../services.ts'
import type { Component } from '../../../stack.ts'
import type { Local } from './local.ts'

type Say = (text: string) => void

/** Starts a service, anew when it runs with other settings than it would be started with now. Says which have changed. */
export async function startWithItsSettings({ services }: Local, name: ServiceName, say: Say): Promise<void> {
  const changed = await services.changed(name)
  if (changed.length > 0) {
    say(`restarted: ${changed.join(', ')} changed`)
    await services.stop(name)
  }
  await services.start(name)
}

/** Starts a component. A running one is not ended for a changed setting, since services stand on it: the setting is named. */
export async function startAndCompare({ stack }: Local, name: Component, say: Say): Promise<void> {
  await stack.start(name)
  const changed = await stack.changed(name)
  if (changed.length > 0)
    say(`WARNING: it runs without what changed: ${changed.join(', ')}. make down, make up applies it`)
}
