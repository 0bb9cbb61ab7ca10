/** What a build changes. Paths are those of the repository. */
export interface Build {
  readonly replaced: Readonly<Record<string, string>>
  /** In a file, each first text becomes the second; it stands there exactly once. */
  readonly edited: Readonly<Record<string, readonly (readonly [from: string, to: string])[]>>
}

export const buildNames = ['in-process'] as const
export type BuildName = (typeof buildNames)[number]

const inProcess = {
  'apps/payment/stripe-gateway.ts': 'bench/paysaga/instant-gateway.ts',
  'apps/notification/mailer.ts': 'bench/paysaga/instant-mailer.ts',
}

export const builds: Readonly<Record<BuildName, Build>> = {
  'in-process': { replaced: inProcess, edited: {} },
}
