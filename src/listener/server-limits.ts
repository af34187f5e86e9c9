import type { Server } from 'node:http'

/** What the listener itself bounds. */
export type ServerLimits = Readonly<{
  maxHeaderBytes: number
  /** Milliseconds, as are all times here. */
  headersTimeout: number
  requestTimeout: number | 'none'
  keepAliveTimeout: number
  /** Of answers by HTTP/2 whose end stays unread; nothing is left of one by HTTP/1.1 once it is written. */
  sendTimeout: number | 'none'
  maxRequestsPerConnection: number | 'none'
  maxConnections: number | 'none'
}>

/** Sets the limits of a server, also of one that listens: connections that are open keep their room for headers. */
export function limitServer(server: Server, limits: ServerLimits): void {
  const { maxRequestsPerConnection, maxConnections, requestTimeout } = limits
  Object.assign(server, {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeout,
    // Node takes 0 for none, but of connections for as many as none at all in later versions.
    requestTimeout: requestTimeout === 'none' ? 0 : requestTimeout,
    keepAliveTimeout: limits.keepAliveTimeout,
    maxRequestsPerSocket: maxRequestsPerConnection === 'none' ? 0 : maxRequestsPerConnection,
    maxConnections: maxConnections === 'none' ? Number.POSITIVE_INFINITY : maxConnections,
  })
}
