import type { RequestFacts } from '../logs/request-log.ts'
import type { Reload } from '../observer.ts'
import { failureCode } from '../session/refresh-failure.ts'
import type { RefreshEvent } from '../session/refresh-outcome.ts'
import type { Names } from './names.ts'
import type { AuditRecord } from './schema.ts'

/** A record before it has its version and its time. */
export type Draft = AuditRecord extends infer Record
  ? Record extends AuditRecord
    ? Omit<Record, 'v' | 'time'>
    : never
  : never

export type RequestType = 'allowed' | 'denied' | 'sign-in' | 'sign-in-failed' | 'sign-out'

const clientClosedRequest = 499
const maxHost = 255

/** What kind of record a request is worth, if any. */
export function requestType({ event, decision, status }: RequestFacts): RequestType | undefined {
  if (event !== undefined) return event
  if (decision === 'forward') return 'allowed'
  if (decision !== 'answer') return 'denied'
  // Our own endpoints answer without a decision, and so do refusals that come before one.
  return status >= 400 && status !== clientClosedRequest ? 'denied' : undefined
}

/** The record of a request; `rate` is the share of allowed ones that is recorded. */
export function requestRecord(type: RequestType, facts: RequestFacts, names: Names, rate: number): Draft {
  const { path, sub, sessionId, credential, rule, traceId } = facts
  const common = {
    request_id: facts.requestId,
    ...(traceId !== undefined && { trace_id: traceId }),
    client: facts.client,
    method: facts.method,
    host: facts.host.slice(0, maxHost),
    ...(path !== undefined && { path }),
    status: facts.status,
    ...(sub !== undefined && names.subject(sub)),
    ...(sessionId !== undefined && { session: names.session(sessionId) }),
    ...(credential !== undefined && { credential }),
    ...(rule !== undefined && { rule }),
    decision: facts.decision,
    reason: facts.reason,
  }
  return type === 'allowed' ? { type, ...common, rate } : { type, ...common }
}

/** The record of what happened at a refresh, if it is worth one: waiting for another's result is not. */
export function refreshRecord(
  { event, sub, sessionId, error }: RefreshEvent,
  names: Names,
): Draft | undefined {
  const common = { ...names.subject(sub), session: names.session(sessionId) }
  switch (event) {
    case 'refreshed':
      return { type: 'refresh', ...common, outcome: 'refreshed' }
    case 'failed':
      return { type: 'refresh', ...common, outcome: 'failed', code: failureCode(error) }
    case 'refused':
      return { type: 'session-ended', ...common, reason: 'grant-refused' }
    case 'subject-changed':
      return { type: 'session-ended', ...common, reason: 'subject-changed' }
    case 'replay-suspected':
      return { type: 'replay-suspected', ...common }
    default:
      return undefined
  }
}

/** The record of a configuration that was read anew. */
export function reloadRecord({ outcome }: Reload): Draft {
  return { type: 'config-reload', outcome }
}
