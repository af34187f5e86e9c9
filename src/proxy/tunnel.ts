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

/** How long a tunnel waits for its client, in milliseconds. */
export type TunnelPatience = Readonly<{
  /** How long a piece may stay unread; for ever if absent. */
  sendTimeoutMs?: number | undefined
  /** How long the frame under way, and then the client's own end, may take when the tunnel ends. */
  graceMs?: number | undefined
}>

/**
 * Joins two WebSocket connections byte for byte, with back-pressure, until both sides have ended. A client that stops reading is
 * cut off.
 *
 * Returns what ends it early: the client gets a close frame between two frames of the upstream, or is cut off where the frame
 * under way does not end within `graceMs`, which is also how long a client may take to close its side.
 */
export function openTunnel(
  client: Socket,
  upstream: Duplex,
  { sendTimeoutMs, graceMs = 1_000 }: TunnelPatience,
): (why: StreamEnd) => void {
  const frames = createFrameBoundary()
  let isClosing = false
  let closeFrame: Buffer = nothing
  let hasEnded = false
  let grace: NodeJS.Timeout | undefined
  let unread: NodeJS.Timeout | undefined

  const startGrace = (): void => {
    grace ??= setTimeout(() => client.destroy(), graceMs)
  }

  // While the client does not read, nothing is heard of the end of the upstream, and the end of the client never comes.
  const watchClient = (): void => {
    if (sendTimeoutMs === undefined) return
    clearTimeout(unread)
    unread = setTimeout(() => client.destroy(), sendTimeoutMs)
  }

  const onAllSent = (): void => {
    clearTimeout(unread)
    startGrace()
  }

  const endClient = (lastBytes: Buffer): void => {
    if (hasEnded) return
    hasEnded = true
    client.unpipe(upstream)
    client.resume()
    watchClient()
    client.end(lastBytes, onAllSent)
    upstream.destroy()
  }

  const sendToClient = (bytes: Buffer): void => {
    if (client.write(bytes)) return
    upstream.pause()
    watchClient()
    client.once('drain', () => {
      clearTimeout(unread)
      upstream.resume()
    })
  }

  client.setTimeout(0)
  client.setNoDelay(true)
  client.on('close', () => {
    clearTimeout(grace)
    clearTimeout(unread)
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
