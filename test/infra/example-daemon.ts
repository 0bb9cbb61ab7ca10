import { type Daemon, daemonFiles } from '../../infra/process/daemon.ts'

export const listens = `require('http').createServer((_, r) => r.end()).listen(Number(process.env.PORT), '127.0.0.1')`

interface Example {
  readonly directory: string
  readonly name: string
  readonly port: number
  /** JavaScript. */
  readonly program?: string
}

/** A daemon that answers and does nothing else, unless it runs another program. */
export function exampleDaemon({ directory, name, port, program = listens }: Example): Daemon {
  return {
    name,
    ...daemonFiles(directory, name),
    port,
    stillMaxMs: 20_000,
    endSignals: [{ signal: 'SIGTERM', stillMaxMs: 5_000 }],
    command: async () => ({
      file: process.execPath,
      args: ['-e', program],
      environment: { PORT: String(port) },
      workingDirectory: directory,
    }),
    answers: async () => {
      const response = await fetch(`http://127.0.0.1:${port}`).catch(() => undefined)
      return response?.ok ?? false
    },
  }
}
