import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'

/** What TLS is ended with, as PEM, and whether HTTP/2 may be spoken within it. */
export type ServerTls = Readonly<{ cert: string; key: string; http2: boolean }>

/** How often Node looks for connections whose headers take too long, in milliseconds. */
const connectionsCheckingInterval = 5_000

const options = {
  connectionsCheckingInterval,
  // `headProblem` refuses the request; Node would go on with what stands behind it.
  requireHostHeader: false,
}

type TlsPart = Readonly<{
  /** Milliseconds. */
  handshakeTimeout: number
  /** Asked at each handshake. */
  offersHttp2: () => boolean
  /** Called with each connection whose client chose HTTP/2. */
  takeHttp2: (socket: Socket) => void
}>

/** A server of HTTP/1.1, within TLS if there is a pair for it; there a client may choose HTTP/2, which is served elsewhere. */
export function createNodeServer(tls: ServerTls | undefined, part: TlsPart): Server {
  if (tls === undefined) return createServer(options)
  const { handshakeTimeout, offersHttp2, takeHttp2 } = part
  const server = createTlsServer({
    ...options,
    ...contextOf(tls),
    handshakeTimeout,
    ALPNCallback: ({ protocols }) =>
      (offersHttp2() ? both : http1Only).find((protocol) => protocols.includes(protocol)),
  })
  serveByProtocol(server, takeHttp2)
  makeResettable(server)
  return server
}

const http1Only: readonly string[] = ['http/1.1']
const both: readonly string[] = ['h2', 'http/1.1']

/**
 * Hands connections on by the protocol that was agreed on (RFC 7301). Node's server of HTTP/2 can serve HTTP/1.1 too, but then
 * without timeouts for it.
 */
function serveByProtocol(server: TlsServer, takeHttp2: (socket: Socket) => void): void {
  const serveHttp1 = server.listeners('secureConnection')
  server.removeAllListeners('secureConnection')
  server.on('secureConnection', (socket) => {
    if (socket.alpnProtocol === 'h2') takeHttp2(socket)
    else for (const serve of serveHttp1) serve.call(server, socket)
  })
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
export function renewTls(server: Server, tls: ServerTls): void {
  ;(server as TlsServer).setSecureContext(contextOf(tls))
}

function contextOf({ cert, key }: ServerTls) {
  return { cert, key, minVersion: 'TLSv1.2' } as const
}
