import type { ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'

/**
 * Ends a connection whose client leaves a ping without an answer for `everyMs` milliseconds, and so one on which it broke the
 * rules: Node tells it by a GOAWAY, but then it neither reads on nor notices that the client is gone, for as long as a stream is open.
 */
export function watchPulse(session: ServerHttp2Session, socket: Socket, everyMs: number): void {
  let isAnswered = true
  const beat = setInterval(() => {
    if (!isAnswered) {
      session.destroy()
      socket.destroy()
      return
    }
    isAnswered = false
    // One that is over already waits for its last bytes to be taken.
    if (session.destroyed) return
    session.ping((error) => {
      isAnswered = error === null
    })
  }, everyMs).unref()
  session.on('close', () => clearInterval(beat))
}
