import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { watchPulse } from './http2-pulse.ts'
import type { ServerLimits } from './server-limits.ts'

/** A connection that speaks HTTP/2, from its handshake to its end. */
export type Http2Connection = Readonly<{
  /** Ends it if no request is under way. */
  closeIdle: () => void
}>

/** How many of its streams a client may break the rules of HTTP/2 on; each costs as much as one that is served (CVE-2025-8671). */
const maxFaults = 100
/** How long a client has to close its side of a connection that is over, in milliseconds. */
const lingerMs = 1_000
/** Says that a connection is about to end, without saying yet which request was the last (RFC 9113 section 6.8). */
const anyStream = 2 ** 31 - 1

/** What Node closes a stream with whose client broke a rule. */
const faultCodes: ReadonlySet<number | undefined> = new Set([
  constants.NGHTTP2_PROTOCOL_ERROR,
  constants.NGHTTP2_FLOW_CONTROL_ERROR,
  constants.NGHTTP2_STREAM_CLOSED,
])

/**
 * Looks after a connection: it ends when nothing comes on it for too long, after as many requests as it may have, and when its
 * client breaks rules again and again. `isLeaving` tells whether each request is to be the last of its connection.
 */
export function keepConnection(
  session: ServerHttp2Session,
  socket: Socket,
  limits: ServerLimits,
  isLeaving: () => boolean,
): Http2Connection {
  let open = 0
  let served = 0
  let faults = 0
  let isLast = false
  let idle = endAfter(limits.headersTimeout)
  watchPulse(session, socket, limits.keepAliveTimeout)
  session.on('stream', onStream)
  session.on('close', () => {
    clearTimeout(idle)
    destroyLater()
  })
  return { closeIdle }

  function onStream(stream: ServerHttp2Stream): void {
    clearTimeout(idle)
    open += 1
    served += 1
    if (!isLast && (isLeaving() || served === limits.maxRequestsPerConnection)) giveNotice()
    stream.on('close', () => onStreamClose(stream))
  }

  function onStreamClose({ rstCode }: ServerHttp2Stream): void {
    open -= 1
    if (faultCodes.has(rstCode)) faults += 1
    // Not here and now: Node may be in the middle of bytes that have come, and has been seen to abort the process.
    if (faults === maxFaults)
      setImmediate(() => session.destroy(constants.NGHTTP2_ENHANCE_YOUR_CALM as never))
    else if (open === 0) idle = endAfter(limits.keepAliveTimeout)
  }

  /** Streams can be over later than their connection: nothing that is no more keeps the process. */
  function endAfter(ms: number): NodeJS.Timeout {
    return setTimeout(close, ms).unref()
  }

  /** All that the client sent before it read this has come when the ping is back; it is served, then the connection ends. */
  function giveNotice(): void {
    isLast = true
    session.goaway(constants.NGHTTP2_NO_ERROR, anyStream)
    session.ping(() => session.close())
  }

  function closeIdle(): void {
    if (open === 0) close()
  }

  /** Called while no request is under way. */
  function close(): void {
    if (session.closed) return
    session.close()
    // Half a head is none yet, but Node would wait for the rest of it.
    destroyLater()
  }

  function destroyLater(): void {
    setTimeout(() => socket.destroy(), lingerMs).unref()
  }
}
