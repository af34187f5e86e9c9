import type { Config } from './config/schema.ts'
import type { Rule } from './core/rule.ts'
import type { LoginLimit } from './gate/login-limit.ts'
import type { ConnectionLimit } from './listener/connection-limit.ts'
import type { ServerLimits } from './listener/server-limits.ts'
import type { LoadLimits } from './overload/load.ts'

type Server = Config['server']

/** What Node's server bounds, from the configuration. */
export function serverLimitsOf({ limits, timeouts }: Server): ServerLimits {
  return {
    maxHeaderBytes: limits.max_headers,
    headersTimeout: timeouts.headers,
    requestTimeout: timeouts.request,
    keepAliveTimeout: timeouts.keep_alive,
    sendTimeout: timeouts.send,
    maxRequestsPerConnection: limits.max_requests_per_connection,
    maxConnections: limits.max_connections,
  }
}

/** How many connections a client may have: trusted proxies, through which everybody comes, any number. */
export function connectionLimitOf(
  { limits }: Server,
  isTrusted: (address: string) => boolean,
): ConnectionLimit {
  return { max: limits.max_connections_per_client, isExempt: isTrusted }
}

/**
 * Counts the logins of clients by the limit of a configuration. A trusted proxy that does not say for whom it asks is nobody's
 * client.
 */
export function loginCounter(
  { limits }: Server,
  count: LoginLimit,
  isTrusted: (address: string) => boolean,
  onShed: (reason: string) => void,
) {
  const perMinute = limits.logins_per_minute
  return (client: string): number | undefined => {
    if (perMinute === 'none' || isTrusted(client)) return undefined
    const retryAfter = count(client, { perMinute })
    if (retryAfter !== undefined) onShed('too-many-logins')
    return retryAfter
  }
}

/** What bounds one exchange with a client: the longest body in bytes, and the time a piece may stay unread in milliseconds. */
export function exchangeLimits({ limits, timeouts }: Server) {
  const sendTimeoutMs = timeouts.send === 'none' ? undefined : timeouts.send
  return ({ maxBody = limits.max_body }: Rule) => ({
    maxBodyBytes: maxBody === 'none' ? undefined : maxBody,
    sendTimeoutMs,
  })
}

/** From where on there is too much to do. */
export function loadLimitsOf({ overload }: Server): LoadLimits {
  return { eventLoopDelay: overload.event_loop_delay, memory: overload.memory }
}
