export type Form = string | readonly Form[] | { readonly [name: string]: Form }

type Branch = Map<string, string | Branch>

/** Deeper than any parameter of Stripe's. */
const depthMax = 6

/**
 * Stripe's bracketed form, also in query strings: `metadata[orderId]=1&expand[0]=latest_charge` or `expand[]=…`. The
 * outcome is an object; a level whose names are all numbers, or empty, is a list.
 * @throws RangeError when it is nested too deep
 */
export function parseForm(text: string): { readonly [name: string]: Form } {
  const root: Branch = new Map()
  for (const [name, value] of new URLSearchParams(text)) {
    const path = name.split('[').map((part) => part.replace(/\]$/, ''))
    if (path.length > depthMax) throw new RangeError(`Parameters may be nested ${depthMax} deep`)
    let branch = root
    for (const part of path.slice(0, -1)) branch = branchAt(branch, part)
    const last = path.at(-1) ?? ''
    branch.set(last === '' ? String(branch.size) : last, value)
  }
  return Object.fromEntries(Array.from(root, ([name, node]) => [name, finished(node)]))
}

function branchAt(parent: Branch, name: string): Branch {
  const known = parent.get(name)
  if (known instanceof Map) return known
  const branch: Branch = new Map()
  parent.set(name === '' ? String(parent.size) : name, branch)
  return branch
}

function finished(node: string | Branch): Form {
  if (typeof node === 'string') return node
  const names = [...node.keys()]
  if (names.every((name) => /^\d+$/.test(name))) return Array.from(node.values(), finished)
  // fromEntries defines own members, so a field named __proto__ is a field like any other.
  return Object.fromEntries(Array.from(node, ([name, child]) => [name, finished(child)]))
}
