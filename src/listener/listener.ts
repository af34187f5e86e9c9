import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { isDeepStrictEqual } from 'node:util'
import { awaitsContinue, upgradeOf } from './arrival.ts'
import { createHttp2Server } from './http2-server.ts'
import { listenOn, type Place } from './listen-on.ts'
import { createNodeServer, renewTls, type ServerTls } from './node-server.ts'
import { limitServer, type ServerLimits } from './server-limits.ts'

/** What is done with connections at one time; a new configuration brings another one. */
export type Service = Readonly<{
  /** Serves a request, be it an offer to upgrade or one whose client waits for a 100. */
  handle: (request: IncomingMessage, response: ServerResponse) => void
  /** Answers to what is no request. */
  unreadable: Readonly<{
    refuseBytes: (error: Error, socket: Socket) => void
    refuseRequest: (error: Error, response: ServerResponse) => void
  }>
  limits: ServerLimits
  /** What TLS is ended with; whether it is ended here at all is what the first service says. */
  tls: ServerTls | undefined
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
  /**
   * Takes no more connections, and resolves when the last one is over. Those that are idle are ended as soon as no request
   * has come on any of them for `quietMs`: a proxy in front may be about to send one where another would be lost.
   */
  close: (quietMs?: number) => Promise<void>
  /** Ends what is still open. */
  cut: () => void
}>

type ListenerOptions = Readonly<{
  /** Tells whether a request asks for a WebSocket. */
  isWebSocket: (request: IncomingMessage) => boolean
  /** The response to answer an upgrade request with while no tunnel has come of it. */
  upgradeResponse: (request: IncomingMessage, socket: Socket) => ServerResponse
  /** Monotonic milliseconds; those of this process unless given. */
  elapsed?: () => number
}>

/** An empty head is a view of the bytes of the whole request, which would stay as long as the tunnel. */
const nothing = Buffer.alloc(0)

/** A connection whose last request is finished while the listener closes is ended within this time. */
const closeIdleEveryMs = 50

/** Makes the listener around the first service; it does not listen yet. */
export function createListener(first: Service, options: ListenerOptions): Listener {
  const { isWebSocket, upgradeResponse, elapsed = () => performance.now() } = options
  let service = first
  let isDraining = false
  let lastRequestAt = 0
  const http2 = createHttp2Server({
    handle,
    onContinue,
    refuse: (error, response) => service.unreadable.refuseRequest(error, response),
    limits: () => service.limits,
  })
  const server = createNodeServer(first.tls, {
    handshakeTimeout: first.limits.headersTimeout,
    offersHttp2: () => service.tls?.http2 === true,
    takeHttp2: http2.take,
  })
  const sockets = new Set<Socket>()
  // Node would silently drop the header lines past its own limit; `headProblem` refuses far fewer.
  server.maxHeadersCount = 0
  server.on('connection', keep)
  server.on('request', handle)
  server.on('upgrade', onUpgrade)
  // Nobody is given a tunnel to anywhere; without a listener Node would close the connection without a word.
  server.on('connect', (_request, socket: Socket) =>
    service.unreadable.refuseBytes(new Error('CONNECT'), socket),
  )
  server.on('clientError', (error, socket) => {
    // Nobody is there to read an answer where TLS was not agreed on.
    if (isHandshakeError(error)) socket.destroy()
    else service.unreadable.refuseBytes(error, socket as Socket)
  })
  server.on('checkContinue', onContinue)
  serve(first)
  const binding = listenOn(server)

  return { server, serve, listen: binding.listen, drain, close, cut }

  function serve(next: Service): void {
    if (next.tls !== undefined && !isDeepStrictEqual(next.tls, service.tls)) renewTls(server, next.tls)
    service = next
    limitServer(server, next.limits)
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    // At its own limit Node says that this was the last request, and then waits for the client to go.
    if (isDraining) lastRequestAt = elapsed()
    if (isDraining || hasReachedLimit(response)) response.shouldKeepAlive = false
    service.handle(request, response)
  }

  function onContinue(request: IncomingMessage, response: ServerResponse): void {
    awaitsContinue.add(request)
    handle(request, response)
  }

  function onUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    // Only WebSocket handshakes become tunnels. Another offer to upgrade is ignored (RFC 9110 section 7.8), but Node has given
    // up reading this connection: a body behind such an offer can never be had.
    if (isWebSocket(request)) upgradeOf.set(request, head.length === 0 ? nothing : head)
    else if (head.length > 0 || hasBody(request)) {
      service.unreadable.refuseBytes(new Error('upgrade with a body'), socket)
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

  /** Node itself forgets connections before TLS is agreed on, and those that became tunnels. */
  function keep(socket: Socket): void {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  }

  function cut(): void {
    for (const socket of sockets) socket.destroy()
  }

  function drain(): void {
    isDraining = true
    http2.drain()
  }

  async function close(quietMs = 0): Promise<void> {
    drain()
    const closed = binding.close()
    lastRequestAt = elapsed()
    const endIdle = () => {
      if (elapsed() - lastRequestAt < quietMs) return
      server.closeIdleConnections()
      http2.closeIdle()
    }
    endIdle()
    const idle = setInterval(endIdle, closeIdleEveryMs).unref()
    await closed
    clearInterval(idle)
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function isHandshakeError({ code = '' }: Error & { code?: string }): boolean {
  return code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')
}

function hasReachedLimit(response: ServerResponse & { maxRequestsOnConnectionReached?: boolean }): boolean {
  return response.maxRequestsOnConnectionReached === true
}
