import { type Daemon, daemonFiles } from '../../infra/process/daemon.ts'

const listens = `require('http').createServer((_, r) => r.end()).listen(Number(process.env.PORT), '127.0.0.1')`

/** A daemon that answers and does nothing else. */
export function exampleDaemon(directory: string, name: string, port: number): Daemon {
  return {
    name,
    ...daemonFiles(directory, name),
    port,
    stillMaxMs: 20_000,
    endSignals: [{ signal: 'SIGTERM', stillMaxMs: 5_000 }],
    command: async () => ({
      file: process.execPath,
      args: ['-e', listens],
      environment: { PORT: String(port) },
      workingDirectory: directory,
    }),
    answers: async () => {
      const response = await fetch(`http://127.0.0.1:${port}`).catch(() => undefined)
      return response?.ok ?? false
    },
  }
}
