import { openServices, openStack, type ServicesOptions, type StackOptions } from '../../infra/index.ts'

/** The same stack can be opened by any process: what runs is remembered in its directory. */
export function openTestStack(options: StackOptions, ports: ServicesOptions['ports']) {
  const stack = openStack(options)
  return { stack, services: openServices({ stack, ports, profile: options.profile }) }
}
