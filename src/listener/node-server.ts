import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'

/** What TLS is ended with, as PEM. */
export type TlsPair = Readonly<{ cert: string; key: string }>

/** How often Node looks for connections whose headers take too long, in milliseconds. */
const connectionsCheckingInterval = 5_000

const options = {
  connectionsCheckingInterval,
  // `headProblem` refuses the request; Node would go on with what stands behind it.
  requireHostHeader: false,
}

/** A server of HTTP/1.1, within TLS if there is a pair for it; `handshakeTimeout` in milliseconds. */
export function createNodeServer(tls: TlsPair | undefined, handshakeTimeout: number): Server {
  if (tls === undefined) return createServer(options)
  const server = createTlsServer({ ...options, ...contextOf(tls), handshakeTimeout })
  makeResettable(server)
  return server
}

/**
 * Lets connections within TLS be reset, which Node does not know to do. Merely destroyed, they end without the announcement
 * that TLS has for it, and not every client minds: a response to HTTP/1.0 that was cut would pass for whole.
 */
function makeResettable(server: TlsServer): void {
  const carriers = new Map<string, Socket>()
  server.on('connection', (carrier: Socket) => {
    const key = keyOf(carrier)
    carriers.set(key, carrier)
    carrier.on('close', () => carriers.delete(key))
  })
  server.on('secureConnection', (socket) => {
    const carrier = carriers.get(keyOf(socket))
    socket.resetAndDestroy = () => {
      carrier?.resetAndDestroy()
      return socket.destroy()
    }
  })
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}

/** Shows another certificate from the next connection on; `server` was made with one. */
export function renewTls(server: Server, tls: TlsPair): void {
  ;(server as TlsServer).setSecureContext(contextOf(tls))
}

function contextOf({ cert, key }: TlsPair) {
  return { cert, key, minVersion: 'TLSv1.2' } as const
}
