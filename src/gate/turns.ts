import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Requests that may wait behind another one on the same connection; browsers send none ahead. */
const maxWaiting = 32

/**
 * Serves the requests of one connection one after the other, as they are answered anyhow (RFC 9112 section 9.3.2).
 * Node hands out all that a client sends ahead at once, so that a single connection could open any number of connections
 * to an upstream.
 */
export function createTurns(): (socket: Socket, response: ServerResponse, go: () => void) => void {
  const waiting = new WeakMap<Socket, (() => void)[]>()

  return (socket, response, go) => {
    const queue = waiting.get(socket)
    if (queue === undefined) {
      waiting.set(socket, [])
      response.once('close', () => passOn(socket))
      go()
    } else if (queue.length < maxWaiting) {
      queue.push(() => {
        response.once('close', () => passOn(socket))
        go()
      })
    } else {
      socket.destroy()
    }
  }

  function passOn(socket: Socket): void {
    const next = waiting.get(socket)?.shift()
    if (next === undefined || socket.destroyed) waiting.delete(socket)
    else next()
  }
}
