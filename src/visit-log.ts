import type { ServerResponse } from 'node:http'
import { performance } from 'node:perf_hooks'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { requestLevel, requestLine } from './logs/request-log.ts'

/** What nginx writes for a client that went away before there was an answer; never sent. */
const clientClosedRequest = 499
const switchingProtocols = 101

/** Builds what writes the one line of a request, when its answer or its tunnel is over. */
export function createVisitLog(logger: Logger) {
  return ({ visit, headers }: FastifyRequest, { raw }: FastifyReply): void => {
    const status = statusOf(raw)
    const level = requestLevel(status)
    if (!logger.isLevelEnabled(level)) return
    const { fields, message } = requestLine({
      method: visit.method || 'unknown',
      host: visit.origin.host ?? String(headers.host),
      path: visit.target?.path ?? '(not canonical)',
      status,
      durationMs: performance.now() - visit.startedAt,
      rule: visit.rule?.name,
      upstream: visit.rule?.upstream,
      decision: visit.decision ?? 'answer',
      reason: visit.reason ?? 'none',
      sub: (visit.bearer ?? visit.session)?.sub,
      credential: visit.bearer === undefined ? visit.session && 'session' : 'bearer',
      client: visit.origin.client,
      requestId: visit.requestId,
      isAborted: status !== switchingProtocols && !raw.writableFinished,
    })
    logger[level](fields, message)
  }
}

/** The head of a tunnel goes past the response, which only has its status. */
function statusOf({ headersSent, statusCode }: ServerResponse): number {
  return headersSent || statusCode === switchingProtocols ? statusCode : clientClosedRequest
}
