import { once } from 'node:events'
import { freePorts } from '../../../infra/process/free-ports.ts'

const ports = await freePorts(Number(process.argv[2]))
process.stdout.write(`${ports.join(' ')}\n`)
// Holds them until the test has read what every process has.
await once(process.stdin.resume(), 'end')
