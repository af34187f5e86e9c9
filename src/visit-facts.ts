import type { ServerResponse } from 'node:http'
import { performance } from 'node:perf_hooks'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { SpanFacts } from './core/request-span.ts'
import type { RequestFacts } from './logs/request-log.ts'

/** What nginx writes for a client that went away before there was an answer; never sent. */
const clientClosedRequest = 499
/** Everything that is none of our own endpoints. */
const guardedRoute = '/*'
const switchingProtocols = 101

/** What there is to tell of a request when its answer or its tunnel is over: for the log, the metrics and the audit. */
export function factsOf({ visit, headers }: FastifyRequest, { raw }: FastifyReply): RequestFacts {
  const status = statusOf(raw)
  const { bearer, session } = visit
  return {
    method: visit.method || 'unknown',
    host: visit.origin.host ?? String(headers.host),
    path: visit.target?.path,
    status,
    durationMs: performance.now() - visit.startedAt,
    rule: visit.rule?.name,
    upstream: visit.rule?.upstream,
    decision: visit.decision ?? 'answer',
    reason: visit.reason ?? 'none',
    sub: (bearer ?? session)?.sub,
    sessionId: session?.id,
    credential: bearer === undefined ? session && 'session' : 'bearer',
    client: visit.origin.client,
    requestId: visit.requestId,
    traceId: visit.span?.traceId ?? visit.trace?.traceId,
    isAborted: status !== switchingProtocols && !raw.writableFinished,
    isStream: visit.isStream,
    event: visit.event,
  }
}

/** What the span of a request tells beside; `defaultScheme` is that of hosts that have no public origin. */
export function spanFactsOf(
  { visit, routeOptions }: FastifyRequest,
  facts: RequestFacts,
  defaultScheme: 'http' | 'https',
): SpanFacts {
  const { origin, site, rule } = visit
  const ownRoute = routeOptions.url === guardedRoute ? undefined : routeOptions.url
  return {
    ...facts,
    scheme: origin.scheme ?? site?.scheme ?? defaultScheme,
    route: rule?.path ?? visit.endpoint ?? ownRoute,
  }
}

/** The head of a tunnel goes past the response, which only has its status. */
function statusOf({ headersSent, statusCode }: ServerResponse): number {
  return headersSent || statusCode === switchingProtocols ? statusCode : clientClosedRequest
}
