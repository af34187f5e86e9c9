/** What is known about a request when it ends. */
export type RequestFacts = Readonly<{
  method: string
  host: string
  /** The canonical path; the query never gets here. */
  path: string
  status: number
  durationMs: number
  /** Name of the rule that was judged by, e.g. `routes[3]`; absent when none matched. */
  rule?: string
  decision: string
  reason: string
  sub?: string
  requestId: string
  /** Address of the client. */
  client: string
  /** Name of the upstream the request went to. */
  upstream?: string
  /** The client hung up before the answer was complete. */
  aborted?: boolean
}>

/** One log line: `logger[level](fields, message)`. */
type LogLine = Readonly<{
  level: 'info' | 'warn'
  fields: Readonly<Record<string, unknown>>
  message: string
}>

/** The one line a request leaves in the log; a warning when it ended in a 5xx. */
export function requestLine(facts: RequestFacts): LogLine {
  const { durationMs, requestId, aborted, ...same } = facts
  const fields = {
    ...same,
    duration_ms: Math.round(durationMs * 10) / 10,
    request_id: requestId,
    ...(aborted && { aborted }),
  }
  return {
    level: facts.status >= 500 ? 'warn' : 'info',
    fields,
    message: `${facts.method} ${facts.path} ${facts.status}`,
  }
}
