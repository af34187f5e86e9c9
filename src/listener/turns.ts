import type { Socket } from 'node:net'

/** Requests that may wait behind another one on the same connection; browsers send none ahead. */
const maxWaiting = 32

/**
 * Serves the requests of one connection one after the other, as they are answered anyhow (RFC 9112 section 9.3.2).
 * Node hands out all that a client sends ahead at once, so that a single connection could open any number of connections
 * to an upstream.
 */
export type Turns = Readonly<{
  /**
   * Calls `go` when no other request of this connection is under way, or `drop` when that will never be; ends a connection
   * that sends too much ahead.
   */
  take: (socket: Socket, go: () => void, drop: () => void) => void
  /** The request whose turn it was is over. */
  pass: (socket: Socket) => void
  /** It was the last one: nobody on this connection has a turn any more (RFC 9112 section 9.6). */
  end: (socket: Socket) => void
}>

/** Makes the turns of all connections. */
export function createTurns(): Turns {
  // Kept as long as the connection: to enter it anew for each request is dear (measured: 1 % of a check).
  const lines = new WeakMap<Socket, Line>()

  function take(socket: Socket, go: () => void, drop: () => void): void {
    const line = lineOf(socket)
    if (line.isOver) drop()
    else if (!line.isBusy) {
      line.isBusy = true
      go()
    } else if (line.waiting.length < maxWaiting) line.waiting.push({ go, drop })
    else {
      drop()
      socket.destroy()
    }
  }

  function pass(socket: Socket): void {
    // After an answer that ends the connection, Node gives no other response the socket: whatever were begun would never end.
    if (!socket.writable) {
      end(socket)
      return
    }
    const line = lineOf(socket)
    const next = line.waiting.shift()
    if (next === undefined) line.isBusy = false
    else next.go()
  }

  function end(socket: Socket): void {
    const line = lineOf(socket)
    line.isOver = true
    for (const { drop } of line.waiting.splice(0)) drop()
  }

  function lineOf(socket: Socket): Line {
    const known = lines.get(socket)
    if (known !== undefined) return known
    const line: Line = { isBusy: false, isOver: false, waiting: [] }
    lines.set(socket, line)
    return line
  }

  return { take, pass, end }
}

/** The requests of one connection: whether one is under way, or was the last one, and those behind it. */
type Line = { isBusy: boolean; isOver: boolean; waiting: { go: () => void; drop: () => void }[] }
