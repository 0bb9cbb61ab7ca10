import { registerHooks } from 'node:module'
import { type Build, builds, withEdits } from './builds.ts'
import { buildName } from './config.ts'

/**
 * Imported before a service's own main file, this makes a build of it that exists nowhere else: modules are replaced
 * and lines are edited while they are loaded. The services' sources know nothing of it.
 */
const root = new URL('../../../', import.meta.url)

use(builds[buildName])

function use({ replaced, edited }: Build): void {
  registerHooks({
    resolve: (specifier, context, next) => {
      const resolved = next(specifier, context)
      const replacement = replaced[pathOf(resolved.url)]
      if (replacement === undefined) return resolved
      const { href: url } = new URL(replacement, root)
      // A replacement may import what it stands for, and change a part of it only.
      return context.parentURL === url ? resolved : { ...resolved, url }
    },
    load: (url, context, next) => {
      const loaded = next(url, context)
      const edits = edited[pathOf(url)]
      if (edits === undefined) return loaded
      const before =
        typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source ?? undefined)
      return { ...loaded, source: withEdits(before, edits) }
    },
  })
}

function pathOf(url: string): string {
  return url.startsWith(root.href) ? url.slice(root.href.length) : ''
}
