import { type InfraConfig, readConfig } from '../../../config.ts'
import { openServices, openStack, type Provider, type Services, type Stack } from '../../../index.ts'
import { settingsWarnings } from '../arguments/settings.ts'
import { complain, fail } from '../display/output.ts'
import { chooseProvider } from './provider.ts'

export interface Local {
  readonly config: InfraConfig
  readonly provider: Provider
  readonly stack: Stack
  readonly services: Services
}

/** The stack and the services that `make` works on, as the environment and .env describe them. */
export async function openLocal(): Promise<Local> {
  const config = readConfig()
  const provider = await chooseProvider(config)
  const stack = openStack({ ...config.stack, provider })
  const services = openServices({
    stack,
    ports: config.servicePorts,
    profile: config.stack.profile,
    overrides: config.serviceOverrides,
  })
  return { config, provider, stack, services }
}

/**
 * Runs a command, and turns what it throws into its message on stderr and an exit code. It is told first of settings in
 * `.env` that nothing reads.
 */
export async function command(work: (local: Local) => Promise<void>, exitCode = 1): Promise<void> {
  try {
    for (const warning of await settingsWarnings()) complain(warning)
    await work(await openLocal())
  } catch (error) {
    fail(error, exitCode)
  }
}
