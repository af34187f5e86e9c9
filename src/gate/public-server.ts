import { type IncomingMessage, METHODS, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { awaitsContinue, upgradeOf } from './arrival.ts'
import { limitServer, type ServerLimits } from './server-limits.ts'

type PublicServerOptions = Readonly<{
  limits: ServerLimits
  /** Tells whether a request asks for a WebSocket. */
  isWebSocket: (request: IncomingMessage) => boolean
  /** The response to answer an upgrade request with while no tunnel has come of it. */
  upgradeResponse: (request: IncomingMessage, socket: Socket) => ServerResponse
  /** Answers bytes that never became a request. */
  onUnreadable: (error: Error, socket: Socket) => void
  /** Answers a request whose target the router cannot read. */
  onUnroutable: (request: FastifyRequest, reply: FastifyReply) => void
}>

/** How often Node looks for connections whose headers take too long, in milliseconds. */
const connectionsCheckingInterval = 5_000

/**
 * The listener that faces browsers. Fastify parses no body here: those of upstreams are streamed, our own endpoints take
 * none. WebSocket handshakes and `Expect: 100-continue` go through the same hooks as everything else.
 */
export function createPublicServer(options: PublicServerOptions): FastifyInstance {
  const { limits, isWebSocket, upgradeResponse, onUnreadable, onUnroutable } = options
  const app = Fastify({
    logger: false,
    exposeHeadRoutes: false,
    http: {
      connectionsCheckingInterval,
      // `headProblem` refuses the request; Node would go on with what stands behind it.
      requireHostHeader: false,
    },
    routerOptions: { maxParamLength: limits.maxHeaderBytes, querystringParser: () => noQuery },
    clientErrorHandler: onUnreadable,
    frameworkErrors: (_error, request, reply) => onUnroutable(request, reply),
  })
  for (const method of METHODS) {
    if (method !== 'CONNECT') app.addHttpMethod(method, { overrideExisting: true } as object)
  }
  limitServer(app.server, limits)
  // Node would silently drop the header lines past its own limit; `headProblem` refuses far fewer.
  app.server.maxHeadersCount = 0
  app.server.on('upgrade', onUpgrade)
  // Nobody is given a tunnel to anywhere; without a listener Node would close the connection without a word.
  app.server.on('connect', (_request, socket: Socket) => onUnreadable(new Error('CONNECT'), socket))
  app.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    awaitsContinue.add(request)
    app.routing(request, response)
  })
  return app

  function onUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    // Only WebSocket handshakes become tunnels. Another offer to upgrade is ignored (RFC 9110 section 7.8), but Node has given
    // up reading this connection: a body behind such an offer can never be had.
    if (isWebSocket(request)) upgradeOf.set(request, head)
    else if (head.length > 0 || hasBody(request)) {
      onUnreadable(new Error('upgrade with a body'), socket)
      return
    }
    const response = responseFor(request, socket)
    if (response === undefined) socket.destroy()
    else app.routing(request, response)
  }

  /** Sent ahead, behind a request that is not answered yet, an upgrade finds the socket taken: Node then throws. */
  function responseFor(request: IncomingMessage, socket: Socket): ServerResponse | undefined {
    try {
      return upgradeResponse(request, socket)
    } catch {
      return undefined
    }
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

const noQuery = Object.freeze({})
