import type { Socket } from 'node:net'

/** Requests that may wait behind another one on the same connection; browsers send none ahead. */
const maxWaiting = 32

/**
 * Serves the requests of one connection one after the other, as they are answered anyhow (RFC 9112 section 9.3.2).
 * Node hands out all that a client sends ahead at once, so that a single connection could open any number of connections
 * to an upstream.
 */
export type Turns = Readonly<{
  /** Calls `go` when no other request of this connection is under way; ends a connection that sends too much ahead. */
  take: (socket: Socket, go: () => void) => void
  /** The request whose turn it was is over; on a connection that ends with it, nobody has a turn any more. */
  pass: (socket: Socket) => void
}>

/** Makes the turns of all connections. */
export function createTurns(): Turns {
  const busy = new WeakMap<Socket, (() => void)[]>()

  function take(socket: Socket, go: () => void): void {
    const queue = busy.get(socket)
    if (queue === undefined) {
      busy.set(socket, [])
      go()
    } else if (queue.length < maxWaiting) queue.push(go)
    else socket.destroy()
  }

  function pass(socket: Socket): void {
    const next = busy.get(socket)?.shift()
    // After an answer that ends the connection, Node gives no other response the socket: whatever were begun would never end.
    if (!socket.writable) busy.set(socket, [])
    else if (next === undefined) busy.delete(socket)
    else next()
  }

  return { take, pass }
}
