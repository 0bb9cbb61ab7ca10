import { once } from 'node:events'
import { parseCommand } from './command.ts'
import { sendLoad } from './send-load.ts'

// The load generator: a process of its own, so that its processor time is its own and its clock is freshly set.
// By hand: node bench/load/main.ts '{"url":"http://127.0.0.1:3001/orders","headers":{},"load":{…}}' <<< go

const command = parseCommand(JSON.parse(process.argv[2] ?? '{}'))
process.stdout.write('ready\n')
await once(process.stdin, 'data')
process.stdin.destroy()
process.stdout.write(`${JSON.stringify(await sendLoad(command))}\n`)
