import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { awaitsContinue, upgradeOf } from './arrival.ts'
import { listenOn, type Place } from './listen-on.ts'

/** What is done with connections at one time; a new configuration brings another one. */
export type Service = Readonly<{
  /** Serves a request, be it an offer to upgrade or one whose client waits for a 100. */
  handle: (request: IncomingMessage, response: ServerResponse) => void
  /** Answers bytes that never became a request. */
  refuseUnreadable: (error: Error, socket: Socket) => void
  /** Milliseconds. */
  headersTimeout: number
  /** Milliseconds. */
  keepAliveTimeout: number
}>

/** The listener that faces browsers. It stays while what serves its requests is changed between two of them. */
export type Listener = Readonly<{
  server: Server
  /** From the next request on. */
  serve: (service: Service) => void
  /** Rejects when the place is taken; gives the address. */
  listen: (place: Place) => Promise<string>
  /** From now on every answer ends its connection. */
  drain: () => void
  /** Takes no more connections, and resolves when the last one is over; those that are idle are ended. */
  close: () => Promise<void>
  /** Ends what is still open. */
  cut: () => void
}>

type ListenerOptions = Readonly<{
  /** Tells whether a request asks for a WebSocket. */
  isWebSocket: (request: IncomingMessage) => boolean
  /** The response to answer an upgrade request with while no tunnel has come of it. */
  upgradeResponse: (request: IncomingMessage, socket: Socket) => ServerResponse
}>

/** Room for a session in the largest allowed number of cookies, and for the login cookies beside it. */
export const maxHeaderBytes = 49_152

/** An empty head is a view of the bytes of the whole request, which would stay as long as the tunnel. */
const nothing = Buffer.alloc(0)

/** How often Node looks for connections whose headers take too long, in milliseconds. */
const connectionsCheckingInterval = 5_000

/** A connection whose last request is finished while the listener closes is ended within this time. */
const closeIdleEveryMs = 50

/** Makes the listener around the first service; it does not listen yet. */
export function createListener(first: Service, options: ListenerOptions): Listener {
  const { isWebSocket, upgradeResponse } = options
  let service = first
  let isDraining = false
  const server = createServer({
    maxHeaderSize: maxHeaderBytes,
    connectionsCheckingInterval,
    // Uploads take as long as they take; slow headers and idle connections are bounded.
    requestTimeout: 0,
    // `headProblem` refuses the request; Node would go on with what stands behind it.
    requireHostHeader: false,
  })
  // Node would silently drop the header lines past its own limit; `headProblem` refuses far fewer.
  server.maxHeadersCount = 0
  server.on('request', handle)
  server.on('upgrade', onUpgrade)
  // Nobody is given a tunnel to anywhere; without a listener Node would close the connection without a word.
  server.on('connect', (_request, socket: Socket) => service.refuseUnreadable(new Error('CONNECT'), socket))
  server.on('clientError', (error, socket) => service.refuseUnreadable(error, socket as Socket))
  server.on('checkContinue', (request, response) => {
    awaitsContinue.add(request)
    handle(request, response)
  })
  serve(first)
  const binding = listenOn(server)

  return { server, serve, listen: binding.listen, drain, close, cut: () => server.closeAllConnections() }

  function serve(next: Service): void {
    service = next
    server.headersTimeout = next.headersTimeout
    server.keepAliveTimeout = next.keepAliveTimeout
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    if (isDraining) response.shouldKeepAlive = false
    service.handle(request, response)
  }

  function onUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    // Only WebSocket handshakes become tunnels. Another offer to upgrade is ignored (RFC 9110 section 7.8), but Node has given
    // up reading this connection: a body behind such an offer can never be had.
    if (isWebSocket(request)) upgradeOf.set(request, head.length === 0 ? nothing : head)
    else if (head.length > 0 || hasBody(request)) {
      service.refuseUnreadable(new Error('upgrade with a body'), socket)
      return
    }
    const response = responseFor(request, socket)
    if (response === undefined) socket.destroy()
    else service.handle(request, response)
  }

  /** Sent ahead, behind a request that is not answered yet, an upgrade finds the socket taken: Node then throws. */
  function responseFor(request: IncomingMessage, socket: Socket): ServerResponse | undefined {
    try {
      return upgradeResponse(request, socket)
    } catch {
      return undefined
    }
  }

  function drain(): void {
    isDraining = true
  }

  async function close(): Promise<void> {
    drain()
    const idle = setInterval(() => server.closeIdleConnections(), closeIdleEveryMs).unref()
    await binding.close()
    clearInterval(idle)
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
