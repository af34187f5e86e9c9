import type { Logger } from 'pino'

/** What is known about a request when it ends. */
export type RequestFacts = Readonly<{
  method: string
  host: string
  /** The canonical path; the query never gets here. Absent when the target has no such form. */
  path?: string | undefined
  status: number
  durationMs: number
  /** Name of the rule that was judged by, e.g. `routes[3]`; absent when none matched. */
  rule?: string | undefined
  decision: string
  reason: string
  sub?: string | undefined
  /** Identifier of the session, for whoever must tell sessions apart; it stays out of the log. */
  sessionId?: string | undefined
  /** What said who the caller is. */
  credential?: 'session' | 'bearer' | undefined
  requestId: string
  /** The trace that it is part of: 32 hexadecimal digits. */
  traceId?: string | undefined
  /** Address of the client. */
  client: string
  /** Name of the upstream the request went to. */
  upstream?: string | undefined
  /** The client hung up before the answer was complete. */
  isAborted: boolean
  /** A WebSocket or an event stream, whose duration says nothing about speed. */
  isStream?: true | undefined
  /** A sign-in or sign-out that this request brought to an end. */
  event?: 'sign-in' | 'sign-in-failed' | 'sign-out' | undefined
}>

/** One log line: `logger[requestLevel(status)](fields, message)`. */
type LogLine = Readonly<{
  fields: Readonly<Record<string, unknown>>
  message: string
}>

/** Builds what writes the one line of a request, when its answer or its tunnel is over. */
export function createRequestLog(logger: Logger): (facts: RequestFacts) => void {
  return (facts) => {
    const level = requestLevel(facts.status)
    if (!logger.isLevelEnabled(level)) return
    const { fields, message } = requestLine(facts)
    logger[level](fields, message)
  }
}

/** The level of a request's line: a warning when it ended in a 5xx. */
export function requestLevel(status: number): 'info' | 'warn' {
  return status >= 500 ? 'warn' : 'info'
}

/** The one line a request leaves in the log. Written for every request: built in one go, and pino leaves out what is undefined. */
export function requestLine(facts: RequestFacts): LogLine {
  const { method, host, path = '(not canonical)', status, durationMs, rule, upstream } = facts
  const { decision, reason, sub, client } = facts
  return {
    fields: {
      method,
      host,
      path,
      status,
      duration_ms: Math.round(durationMs * 10) / 10,
      rule,
      upstream,
      decision,
      reason,
      sub,
      credential: facts.credential,
      client,
      request_id: facts.requestId,
      trace_id: facts.traceId,
      aborted: facts.isAborted || undefined,
    },
    message: `${method} ${path} ${status}`,
  }
}
