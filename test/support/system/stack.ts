import {
  openServices,
  openStack,
  type Provider,
  type ServicesOptions,
  type StackOptions,
} from '../../../infra/index.ts'
import { type Databases, databasesOf, environmentFor, type Layout } from './layout.ts'

/** What the tests stand on: `make test-docker` sets STACK=docker. */
export const provider: Provider = process.env['STACK'] === 'docker' ? 'testcontainers' : 'native'

/** Keeps the containers of integration and saga tests for the next run. */
export const reuse = process.env['REUSE'] === '1'

/** LAYOUT=each: every service has a database of its own, and a connector with it. */
export const layout: Layout = process.env['LAYOUT'] === 'each' ? 'each' : 'one'

/** The same stack can be opened by any process: what runs is remembered in its directory. */
export function openTestStack(
  options: StackOptions,
  ports: ServicesOptions['ports'],
  databases: Databases = databasesOf('one'),
) {
  const stack = openStack(options)
  const overrides = environmentFor(stack, databases)
  return { stack, services: openServices({ stack, ports, profile: options.profile, overrides }) }
}
