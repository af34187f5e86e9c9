import type { IncomingMessage } from 'node:http'

/** WebSocket handshakes, and the bytes that came right behind them. */
export const upgradeOf = new WeakMap<IncomingMessage, Buffer>()

/** Requests whose client waits for a 100 before it sends the body (RFC 9110 section 10.1.1). */
export const awaitsContinue = new WeakSet<IncomingMessage>()

/** Requests that came by HTTP/2; what a request line says of its version proves nothing. */
export const cameByHttp2 = new WeakSet<IncomingMessage>()
