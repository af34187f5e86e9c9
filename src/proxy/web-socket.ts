import type { IncomingMessage } from 'node:http'
import { hasBody } from './request-body.ts'

/** Tells whether a request asks for a WebSocket (RFC 6455 section 4.1); no other upgrade is ever forwarded. */
export function isWebSocket(req: IncomingMessage): boolean {
  return req.method === 'GET' && isWebSocketName(req.headers.upgrade) && !hasBody(req)
}

/** Tells whether an Upgrade header names the WebSocket protocol. */
export function isWebSocketName(upgrade: string | undefined): boolean {
  return upgrade?.toLowerCase() === 'websocket'
}
