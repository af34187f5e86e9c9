import { type IncomingMessage, METHODS, type ServerResponse } from 'node:http'
import { constants, createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { bytesOfLines } from '../core/http2-head.ts'
import { cameByHttp2 } from './arrival.ts'
import { closeStream } from './close-stream.ts'
import { type Http2Connection, keepConnection } from './http2-connection.ts'
import { Http2Request } from './http2-request.ts'
import { Http2Response } from './http2-response.ts'
import type { ServerLimits } from './server-limits.ts'

/** The connections that speak HTTP/2. */
export type Http2Server = Readonly<{
  /** Serves a connection whose client chose HTTP/2. */
  take: (socket: Socket) => void
  /** From now on a connection takes the requests that are on their way, and no more (RFC 9113 section 6.8). */
  drain: () => void
  /** Ends those on which no request is under way. */
  closeIdle: () => void
}>

type Options = Readonly<{
  handle: (request: IncomingMessage, response: ServerResponse) => void
  /** Called instead where a client of HTTP/2 sends what Node's parser of HTTP/1.1 would refuse; `code` as that parser names it. */
  refuse: (error: Error & { code?: string }, response: ServerResponse) => void
  /** A request whose client waits for a 100 before it sends the body. */
  onContinue: (request: IncomingMessage, response: ServerResponse) => void
  limits: () => ServerLimits
}>

/** Requests at a time on one connection, as most servers have it (RFC 9113 section 5.1.2 asks for no fewer than 100). */
const maxConcurrentStreams = 100
/** How much of a body may be on its way: at 50 ms to the client, 5 MB a second. All streams of a connection may have as much. */
const initialWindowSize = 262_144
/** More fields than `headProblem` lets pass, since every piece of a cookie is one. */
const maxHeaderListPairs = 2_048
/** What Node itself refuses, by resetting the stream, is longer than what is answered with a page. */
const leastHeaderListSize = 65_535

const methods: ReadonlySet<string> = new Set(METHODS)

/** Makes what serves HTTP/2; it listens to nothing itself. */
export function createHttp2Server({ handle, refuse, onContinue, limits }: Options): Http2Server {
  const connections = new Set<Http2Connection>()
  let isDraining = false
  const server = createServer({
    maxHeaderListPairs,
    settings: { maxConcurrentStreams, initialWindowSize, enablePush: false },
    Http2ServerRequest: Http2Request,
    Http2ServerResponse: Http2Response as never,
  })
  server.on('request', onRequest)
  server.on('checkContinue', (request, response) => onRequest(request, response, onContinue))
  // As by HTTP/1.1: nobody is given a tunnel to anywhere.
  server.on('connect', (_request, response) => refuse(new Error('CONNECT'), plain(response)))
  return { take, drain, closeIdle }

  function take(socket: Socket): void {
    const maxHeaderListSize = Math.max(leastHeaderListSize, 2 * limits().maxHeaderBytes)
    server.updateSettings({ maxHeaderListSize })
    server.once('session', (session) => keep(session, socket))
    server.emit('connection', socket)
  }

  function keep(session: ServerHttp2Session, socket: Socket): void {
    const connection = keepConnection(session, socket, limits(), () => isDraining)
    connections.add(connection)
    session.on('close', () => connections.delete(connection))
  }

  function onRequest(request: Http2Request, response: Http2Response, serve = handle): void {
    const { maxHeaderBytes, requestTimeout, sendTimeout } = limits()
    response.endTimeout = sendTimeout
    if (bytesOfLines(request.rawHeaders) > maxHeaderBytes) refuse(headerOverflow, plain(response))
    else if (!methods.has(request.method)) refuse(new Error('unknown method'), plain(response))
    else {
      if (requestTimeout !== 'none') endUnlessWhole(request.stream, requestTimeout, sendTimeout)
      const plainRequest = request as unknown as IncomingMessage
      cameByHttp2.add(plainRequest)
      serve(plainRequest, plain(response))
    }
  }

  function drain(): void {
    isDraining = true
  }

  function closeIdle(): void {
    for (const connection of connections) connection.closeIdle()
  }
}

const headerOverflow = Object.assign(new Error('header overflow'), { code: 'HPE_HEADER_OVERFLOW' })

/** It can be used like one of HTTP/1.1, which Node's types do not know. */
function plain(response: Http2Response): ServerResponse {
  return response as unknown as ServerResponse
}

/** Ends a stream whose body takes too long. */
function endUnlessWhole(stream: ServerHttp2Stream, ms: number, sendTimeout: number | 'none'): void {
  if (stream.endAfterHeaders) return
  const timer = setTimeout(() => closeStream(stream, constants.NGHTTP2_CANCEL, sendTimeout), ms)
  const stop = () => clearTimeout(timer)
  stream.on('end', stop)
  stream.on('close', stop)
}
