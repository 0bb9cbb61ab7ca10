import { z } from 'zod'
import { otlpEndpointIsSet } from './config.ts'

export interface Tracing {
  /** Sends what is left. Never rejects, and never takes longer than two seconds: a stop must not wait for a collector. */
  stop(): Promise<void>
}

/** Not a dependency of ours: whoever has a collector installs it, in the version that suits the collector. */
const sdk = '@opentelemetry/sdk-node'
const stopMaxMs = 2_000

const sdkModule = z.object({
  NodeSDK: z.custom<new (options: { serviceName: string }) => { start(): void; shutdown(): Promise<void> }>(
    (value) => typeof value === 'function',
  ),
})

/**
 * Records spans and sends them, if `OTEL_EXPORTER_OTLP_ENDPOINT` is set; the SDK reads that and the other `OTEL_*`
 * variables itself. Otherwise nothing is loaded, and the spans in our code cost nothing.
 * @throws Error naming the package to install when it is missing
 */
export async function startTracing(
  serviceName: string,
  { isWanted = otlpEndpointIsSet(), load = (name: string): Promise<unknown> => import(name) } = {},
): Promise<Tracing | undefined> {
  if (!isWanted) return undefined
  const loaded = await load(sdk).catch((cause: unknown) => {
    const remedy = `npm install ${sdk}, or unset OTEL_EXPORTER_OTLP_ENDPOINT`
    throw new Error(`Traces are to be sent, but ${sdk} cannot be loaded: ${remedy}`, { cause })
  })
  const { NodeSDK } = sdkModule.parse(loaded)
  const running = new NodeSDK({ serviceName })
  running.start()
  return { stop: () => within(stopMaxMs, running.shutdown()) }
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  await Promise.race([work.catch(() => undefined), late])
  clearTimeout(timer)
}
