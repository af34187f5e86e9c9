import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { PosternError } from '../core/errors.ts'

/** How much of an unwanted body is read and forgotten before the connection is given up, in bytes. */
const maxDiscarded = 16 * 1024 * 1024

/** Tells whether a request has a body, however short (RFC 9112 section 6.3). */
export function hasBody({ headers }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined) return true
  return headers['content-length'] !== undefined && Number(headers['content-length']) !== 0
}

/**
 * The body of a request as a stream of its own, with back-pressure.
 *
 * undici destroys a body it needs no more, and would take the client's connection along. Destroying this one discards what is
 * left of the body instead, so that the connection is free for the next request; a body much too long ends the connection,
 * and so does one of which nothing comes for `silenceMs`, unless it is held back. One of more than `maxBytes` fails with
 * POSTERN_BODY_TOO_LARGE, so that the upstream never sees the end of it.
 */
export function requestBody(
  req: IncomingMessage,
  silenceMs: number,
  maxBytes = Number.POSITIVE_INFINITY,
): Readable {
  let left = maxDiscarded
  let taken = 0
  const silence = setTimeout(() => {
    if (req.isPaused()) silence.refresh()
    else req.destroy()
  }, silenceMs)
  const body = new Readable({
    read: () => req.resume(),
    destroy: (error, done) => {
      if (!req.readableEnded) req.resume()
      done(isTooLarge(error) ? error : null)
    },
  })
  // undici listens as long as it needs the body, and no longer.
  body.on('error', () => undefined)
  req.on('data', (chunk: Buffer) => {
    silence.refresh()
    if (body.destroyed) {
      left -= chunk.length
      if (left < 0) req.destroy()
      return
    }
    taken += chunk.length
    if (taken > maxBytes) body.destroy(bodyTooLarge())
    else if (!body.push(chunk)) req.pause()
  })
  req.on('end', () => body.push(null))
  const stop = () => clearTimeout(silence)
  req.on('close', stop)
  if (req.httpVersionMajor === 1) untilClosed(req, stop)
  return body
}

/** Node says nothing of a request that was answered before all of its body came, when its connection ends (in HTTP/2 it does). */
function untilClosed(req: IncomingMessage, stop: () => void): void {
  const { socket } = req
  socket.on('close', stop)
  req.on('close', () => socket.off('close', stop))
}

/** The failure of a request with too long a body. */
export function bodyTooLarge(): PosternError {
  return new PosternError('POSTERN_BODY_TOO_LARGE', 'the body is longer than max_body')
}

function isTooLarge(error: Error | null): boolean {
  return error instanceof PosternError
}
