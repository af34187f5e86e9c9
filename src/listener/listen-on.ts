import { once } from 'node:events'
import { createServer, Server } from 'node:net'
import { Server as TlsServer } from 'node:tls'

/** Where to wait for connections. */
export type Place = Readonly<{ host: string; port: number } | { path: string }>

/** Opens and closes the places where a server waits. */
export type Binding = Readonly<{
  /** Rejects when the place is taken; gives the address, as in `http://127.0.0.1:4180`. */
  listen: (place: Place) => Promise<string>
  /** Takes no more connections, and resolves when the last one is over. */
  close: () => Promise<void>
}>

/** The name `localhost` has two addresses, and clients may try either. */
const otherLoopback = '::1'

/** Makes the binding of a server; `openOther` opens the second place of `localhost`. */
export function listenOn(server: Server, openOther: typeof open = open): Binding {
  const others: Server[] = []
  return { listen, close }

  async function listen(place: Place): Promise<string> {
    const isLocalhost = 'host' in place && place.host === 'localhost'
    await open(server, isLocalhost ? { ...place, host: '127.0.0.1' } : place)
    const address = addressOf(server)
    if (isLocalhost) await listenOnOther(Number(new URL(address).port))
    return address
  }

  /** Its connections are handed to the one server. Where there is no IPv6, one address is all there is. */
  async function listenOnOther(port: number): Promise<void> {
    const other = createServer((socket) => server.emit('connection', socket))
    try {
      await openOther(other, { host: otherLoopback, port })
      others.push(other)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw error
    }
  }

  async function close(): Promise<void> {
    await Promise.all([server, ...others].map(closed))
  }
}

async function open(server: Server, place: Place): Promise<void> {
  server.listen(place)
  await once(server, 'listening')
}

/**
 * Of a server that never listened there is nothing to close. An HTTP server's own way of closing would end idle connections
 * at once, whatever is on its way on them.
 */
function closed(server: Server): Promise<void> {
  return new Promise((resolve) => Server.prototype.close.call(server, () => resolve()))
}

function addressOf(server: Server): string {
  const address = server.address()
  if (address === null || typeof address === 'string') return `unix:${address}`
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `${server instanceof TlsServer ? 'https' : 'http'}://${host}:${address.port}`
}
