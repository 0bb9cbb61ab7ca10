import { createInterface } from 'node:readline'
import { parseCommand } from './command.ts'
import { openSlots } from './run-slots.ts'

// A process of the replay: hears its command, says that it is ready, hears `go`, and says what it has done.

const lines = createInterface({ input: process.stdin })
const heard = lines[Symbol.asyncIterator]()
// Whoever started it is gone, and with it the reason for any load.
lines.once('close', () => process.exit(1))

const { value: command = '' } = await heard.next()
const slots = await openSlots(parseCommand(command))
process.stdout.write('ready\n')
await heard.next()
const replayed = await slots.run()
await slots.close()
process.stdout.write(`${JSON.stringify(replayed)}\n`)
lines.removeAllListeners('close')
process.stdin.destroy()
