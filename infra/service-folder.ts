const simulators: Readonly<Record<string, string>> = {
  'gateway-simulator': 'apps/simulators/gateway',
  'mail-sink': 'apps/simulators/mail',
}

/** Where a service's main.ts and config.ts are, from the root of the checkout. */
export const serviceFolder = (name: string): string => simulators[name] ?? `apps/${name}`
