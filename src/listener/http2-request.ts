import { constants, Http2ServerRequest, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { ReadableOptions } from 'node:stream'
import { linesOfFields } from '../core/http2-head.ts'

/** A request of HTTP/2 that reads like one of HTTP/1.1, in its head and in how its body ends. */
export class Http2Request extends Http2ServerRequest {
  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    options: ReadableOptions,
    fields: readonly string[],
  ) {
    headers.host = headers[':authority'] ?? headers.host
    // A body of which nothing is announced is what HTTP/1.1 has this for; in HTTP/2 no client can send it.
    if (!stream.endAfterHeaders && headers['content-length'] === undefined)
      headers['transfer-encoding'] = 'chunked'
    super(stream, headers, options, linesOfFields(fields))
  }

  /** Node would end the body of a stream that was reset, as if it were whole. */
  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk === null && this.stream.closed) return false
    return super.push(chunk, encoding)
  }

  /** Node takes it for a fault of its own if the rest of a body is asked for that can no more be had. */
  override _read(size: number): void {
    if (!this.stream.closed) super._read(size)
  }

  /** Node would leave the stream open. */
  override destroy(error?: Error): this {
    this.stream.close(constants.NGHTTP2_CANCEL)
    return super.destroy(error)
  }
}
