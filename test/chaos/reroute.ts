import { Socket } from 'node:net'

// Loaded into a service by NODE_OPTIONS=--import: what it sends to one port of this machine goes to another one. A broker
// tells its clients its own address, so no setting of theirs leads them through a proxy.

const [from = 0, to = 0] = (process.env['REROUTE'] ?? '').split(':').map(Number)
const connect = Reflect.get(Socket.prototype, 'connect')

Socket.prototype.connect = function rerouted(this: Socket, ...args: unknown[]): Socket {
  const first = Array.isArray(args[0]) ? args[0][0] : args[0]
  if (typeof first === 'object' && first !== null && 'port' in first && Number(first.port) === from) first.port = to
  return Reflect.apply(connect, this, args)
}
