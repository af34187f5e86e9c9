import type { Socket } from 'node:net'
import { clientNetwork } from './client-network.ts'

/** How many connections one client may have. */
export type ConnectionLimit = Readonly<{
  max: number | 'none'
  /** Tells whether an address may have any number. */
  isExempt: (address: string) => boolean
}>

/** The open connections by client. */
export type Connections = Readonly<{
  /** Counts a new connection until it closes; closes it at once, and says so, where its client has too many. */
  take: (socket: Socket, limit: ConnectionLimit) => 'taken' | 'refused'
}>

/** Begins to count; as much memory as there are connections. */
export function createConnections(): Connections {
  const open = new Map<string, number>()

  function take(socket: Socket, { max, isExempt }: ConnectionLimit): 'taken' | 'refused' {
    const address = socket.remoteAddress
    // Behind a unix socket there is one client, the proxy in front.
    if (address === undefined || isExempt(address)) return 'taken'
    const network = clientNetwork(address)
    const before = open.get(network) ?? 0
    if (max !== 'none' && before >= max) {
      socket.destroy()
      return 'refused'
    }
    open.set(network, before + 1)
    socket.on('close', () => release(network))
    return 'taken'
  }

  function release(network: string): void {
    const left = (open.get(network) as number) - 1
    if (left === 0) open.delete(network)
    else open.set(network, left)
  }

  return { take }
}
