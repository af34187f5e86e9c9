import { constants, Http2ServerResponse, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { headerPairs } from '../core/headers.ts'
import { closeStream } from './close-stream.ts'

/** What speaks of the connection has no place in HTTP/2 (RFC 9113 section 8.2.2). */
const connectionHeaders: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'],
])

/** Of these Node sends no second one. A browser that got it by HTTP/1.1 would go by the first, or read both as a list. */
const onlyOnce: ReadonlySet<string> = new Set([
  ...['access-control-allow-credentials', 'access-control-max-age', 'age', 'content-length', 'content-md5'],
  ...['content-location', 'content-range', 'content-type', 'date', 'etag', 'expires', 'last-modified'],
  ...['location', 'retry-after', 'tk', 'x-content-type-options'],
])

/** Lists that Node takes for single values. */
const joined: ReadonlySet<string> = new Set(['content-encoding', 'content-language'])

/** Node sends no body with these, and clients would miss the bytes of a length that was announced. */
const withoutBody: ReadonlySet<number> = new Set([204, 205])

/** A response of HTTP/2 that can be written like one of HTTP/1.1. */
export class Http2Response extends Http2ServerResponse {
  /** How long the client may leave the end unread, in milliseconds. */
  endTimeout: number | 'none' = 'none'

  /** As that of HTTP/1.1, where Node has none: whether it is over, or its client gone. */
  override destroyed = false

  constructor(stream: ServerHttp2Stream) {
    super(stream)
    stream.once('close', () => {
      this.destroyed = true
      // Node tells of the end of an answer to HEAD only once it was ended; of any other it has told by now, and does nothing.
      super.end()
    })
  }

  /** As that of HTTP/1.1: `headers` may be names and values alternating. A reason phrase goes nowhere. */
  override writeHead(
    statusCode: number,
    reason?: string | OutgoingHttpHeaders | readonly string[],
    headers: OutgoingHttpHeaders | readonly string[] | undefined = typeof reason === 'object' ? reason : {},
  ): this {
    const lines = Array.isArray(headers)
      ? headerPairs(headers)
      : Object.entries(headers as OutgoingHttpHeaders)
    const fields = foldLines(lines)
    if (withoutBody.has(statusCode)) delete fields['content-length']
    try {
      return super.writeHead(statusCode, fields)
    } catch (error) {
      // What was set by then would show in the answer that says what went wrong.
      for (const name of this.getHeaderNames()) this.removeHeader(name)
      throw error
    }
  }

  override end(...args: never[]): this {
    super.end(...args)
    const { stream } = this
    if (stream.closed) return this
    // Of a body that nobody waits for, the rest need not be sent (RFC 9113 section 8.1).
    stream.once('finish', () => {
      if (!stream.endAfterHeaders && !stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR)
    })
    if (this.endTimeout !== 'none') {
      const unread = setTimeout(() => this.destroy(), this.endTimeout)
      stream.once('close', () => clearTimeout(unread))
    }
    return this
  }

  /** Ends the stream so that the response cannot pass for a whole one; Node would say that nothing went wrong. */
  override destroy(): this {
    closeStream(this.stream, constants.NGHTTP2_INTERNAL_ERROR, this.endTimeout)
    return this
  }
}

type HeaderValue = OutgoingHttpHeaders[string]

function foldLines(lines: readonly (readonly [string, HeaderValue])[]): OutgoingHttpHeaders {
  const headers: Record<string, HeaderValue> = Object.create(null)
  for (const [written, value] of lines) {
    const name = written.toLowerCase()
    if (connectionHeaders.has(name)) continue
    const before = headers[name]
    if (before === undefined) headers[name] = value
    else if (joined.has(name)) headers[name] = `${before}, ${value}`
    else if (!onlyOnce.has(name)) headers[name] = [before, value].flat() as string[]
  }
  return headers
}
