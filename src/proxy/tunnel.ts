import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createFrameBoundary } from './frame-boundary.ts'
import type { StreamEnd } from './live-streams.ts'

/** Close frames with a status and a short reason (RFC 6455 sections 5.5.1 and 7.4.1). */
const closeFrames: Readonly<Record<StreamEnd, Buffer>> = {
  // 1008, policy violation.
  'session-ended': Buffer.from('\x88\x0f\x03\xf0session ended', 'latin1'),
  // 1001, going away: clients connect again.
  stopping: Buffer.from('\x88\x0c\x03\xe9going away', 'latin1'),
}
const nothing = Buffer.alloc(0)

/**
 * Joins two WebSocket connections byte for byte, with back-pressure, until both sides have ended.
 *
 * Returns what ends it early: the client gets a close frame between two frames of the upstream, or is cut off where the frame
 * under way does not end within `graceMs`, which is also how long a client may take to close its side.
 */
export function openTunnel(client: Socket, upstream: Duplex, graceMs = 1_000): (why: StreamEnd) => void {
  const frames = createFrameBoundary()
  let isClosing = false
  let closeFrame: Buffer = nothing
  let hasEnded = false
  let grace: NodeJS.Timeout | undefined

  const startGrace = (): void => {
    grace ??= setTimeout(() => client.destroy(), graceMs)
  }

  const endClient = (lastBytes: Buffer): void => {
    if (hasEnded) return
    hasEnded = true
    client.unpipe(upstream)
    client.resume()
    client.end(lastBytes, startGrace)
    upstream.destroy()
  }

  const sendToClient = (bytes: Buffer): void => {
    if (client.write(bytes)) return
    upstream.pause()
    client.once('drain', () => upstream.resume())
  }

  client.setTimeout(0)
  client.setNoDelay(true)
  client.on('close', () => {
    clearTimeout(grace)
    hasEnded = true
    upstream.destroy()
  })
  client.pipe(upstream)
  upstream.on('data', (chunk: Buffer) => {
    const boundary = frames.scan(chunk)
    if (!isClosing || boundary < 0) return sendToClient(chunk)
    client.write(chunk.subarray(0, boundary))
    endClient(closeFrame)
  })
  upstream.on('end', () => endClient(nothing))
  upstream.on('close', () => endClient(nothing))

  return (why) => {
    isClosing = true
    closeFrame = closeFrames[why]
    startGrace()
    if (frames.isAtBoundary()) endClient(closeFrame)
  }
}
