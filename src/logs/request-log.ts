/** What is known about a request when it ends. */
export type RequestFacts = Readonly<{
  method: string
  host: string
  /** The canonical path; the query never gets here. */
  path: string
  status: number
  durationMs: number
  /** Name of the rule that was judged by, e.g. `routes[3]`; absent when none matched. */
  rule?: string | undefined
  decision: string
  reason: string
  sub?: string | undefined
  /** What said who the caller is. */
  credential?: 'session' | 'bearer' | undefined
  requestId: string
  /** Address of the client. */
  client: string
  /** Name of the upstream the request went to. */
  upstream?: string | undefined
  /** The client hung up before the answer was complete. */
  isAborted: boolean
}>

/** One log line: `logger[requestLevel(status)](fields, message)`. */
type LogLine = Readonly<{
  fields: Readonly<Record<string, unknown>>
  message: string
}>

/** The level of a request's line: a warning when it ended in a 5xx. */
export function requestLevel(status: number): 'info' | 'warn' {
  return status >= 500 ? 'warn' : 'info'
}

/** The one line a request leaves in the log. Written for every request: built in one go, and pino leaves out what is undefined. */
export function requestLine(facts: RequestFacts): LogLine {
  const { method, host, path, status, durationMs, rule, upstream, decision, reason, sub, client } = facts
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
      aborted: facts.isAborted || undefined,
    },
    message: `${method} ${path} ${status}`,
  }
}
