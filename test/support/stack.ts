import { openServices, openStack, type Provider, type ServicesOptions, type StackOptions } from '../../infra/index.ts'

/** What the tests stand on: `make test-docker` sets STACK=docker. */
export const provider: Provider = process.env['STACK'] === 'docker' ? 'testcontainers' : 'native'

/** Keeps the containers of integration and saga tests for the next run. */
export const reuse = process.env['REUSE'] === '1'

/** The same stack can be opened by any process: what runs is remembered in its directory. */
export function openTestStack(options: StackOptions, ports: ServicesOptions['ports']) {
  const stack = openStack(options)
  return { stack, services: openServices({ stack, ports, profile: options.profile }) }
}
