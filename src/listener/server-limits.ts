import type { Server } from 'node:http'

/** What Node's server itself can bound. */
export type ServerLimits = Readonly<{
  maxHeaderBytes: number
  /** Milliseconds, as are all times here. */
  headersTimeout: number
  requestTimeout: number | 'none'
  keepAliveTimeout: number
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
