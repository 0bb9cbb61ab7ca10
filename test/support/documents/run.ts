import { machineEnvironment } from '../../../infra/config.ts'
import { limitMs } from '../limits.ts'
import { environmentOf, root, run } from '../system/cli.ts'
import type { Shop } from '../system/shop.ts'

/** A documented command for the stack of the tests: the ports that `make` takes are others there. */
export function here(text: string, { ports, stackPorts }: Pick<Shop, 'ports' | 'stackPorts'>): string {
  const others = new Map([
    ['15432', stackPorts.postgres],
    ['19092', stackPorts.kafka],
    ['18083', stackPorts.connect],
    ['3001', ports.order],
    ['3002', ports.payment],
    ['3003', ports.notification],
    ['3004', ports.relay],
    ['3010', ports.gateway],
  ])
  return text.replace(/127\.0\.0\.1:(\d+)/g, (_, port: string) => `127.0.0.1:${others.get(port) ?? port}`)
}

/** What a shell has in which a documented command is run. Variables of the `make` that runs the tests are not its. */
export const shellEnvironment = (shop: Shop) => ({ ...machineEnvironment(), ...environmentOf(shop) })

/** Runs commands in one shell. @returns what they print; rejects when one of them fails */
export async function shell(shop: Shop, ...commands: readonly string[]): Promise<string> {
  const script = commands.map((command) => here(command, shop)).join('\n')
  const { stdout } = await run('bash', ['-ec', script], {
    cwd: root,
    env: shellEnvironment(shop),
    timeout: limitMs(50_000),
  })
  return stdout
}
