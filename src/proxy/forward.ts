import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import { type DispatchOptions, Exchange, type ForwardPlan } from './exchange.ts'
import { bodyTooLarge, hasBody, requestBody } from './request-body.ts'
import { requestHeaders } from './request-headers.ts'
import { upstreamPath } from './upstream-path.ts'
import { fixedServerName } from './upstreams.ts'

/**
 * Forwards a judged request to its upstream and streams the response back, with back-pressure both ways.
 *
 * Neither side's trailers are passed on. A client that goes away ends the upstream request; an upstream that dies ends the
 * client's connection. Only a safe request without a body whose kept connection died unanswered is sent again, once.
 * `res` must not have any headers set: `writeHead` would then fold equal names into one.
 */
export function forward(req: IncomingMessage, res: ServerResponse, plan: ForwardPlan): void {
  if (isAnnouncedTooLarge(req, plan)) {
    plan.onFailure(bodyTooLarge())
    return
  }
  if (plan.expectsContinue === true) res.writeContinue()
  const options = dispatchOptions(req, plan)
  plan.upstream.pool.dispatch(options, new Exchange(req, res, plan, options))
}

function dispatchOptions(req: IncomingMessage, plan: ForwardPlan): DispatchOptions {
  const { upstream, path, query, facts } = plan
  return {
    method: req.method as Dispatcher.HttpMethod,
    path: upstreamPath(upstream.mapping, path, query),
    headers: requestHeaders(req.rawHeaders, facts),
    body: hasBody(req) ? requestBody(req, upstream.bodyTimeoutMs, plan.maxBodyBytes) : null,
    upgrade: null,
    bodyTimeout: req.headers.accept?.includes('text/event-stream') ? 0 : upstream.bodyTimeoutMs,
    servername: fixedServerName,
  }
}

function isAnnouncedTooLarge({ headers }: IncomingMessage, { maxBodyBytes }: ForwardPlan): boolean {
  return maxBodyBytes !== undefined && Number(headers['content-length'] ?? 0) > maxBodyBytes
}
