import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { headProblem } from '../core/request-head.ts'
import { canonicalPath, type RequestPath } from '../core/request-path.ts'
import type { RequestSpan } from '../core/request-span.ts'
import { readTraceContext, type TraceContext } from '../core/trace-context.ts'
import { awaitsContinue, cameByHttp2, upgradeOf } from '../listener/arrival.ts'
import type { Turns } from '../listener/turns.ts'
import type { Answers } from './answer.ts'
import type { Shed } from './shed.ts'
import type { Sites } from './site.ts'
import type { Origin, Visit } from './visit.ts'

type FrontOptions = Readonly<{
  sites: Sites
  answers: Answers
  /** Tells whether a rule names this host. */
  ruleKnowsHost: (host: string) => boolean
  /** Tells whether a path is the auth endpoint's, whose own host may be any: it asks about requests to others. */
  isCheck: (path: string) => boolean
  originOf: (request: IncomingMessage) => Origin
  createRequestId: () => string
  /** Begins the span of a request; absent where nothing is traced. */
  beginSpan?: ((parent: TraceContext | undefined) => RequestSpan) | undefined
  turns: Turns
  onBegin: (visit: Visit) => void
  /** Called once, when the response or the tunnel is over, or the client gone. */
  onEnd: (request: FastifyRequest, reply: FastifyReply) => void
  /** Called instead where it is not served at all, since the connection ended with a request before it. */
  onDrop: (visit: Visit) => void
  /** Monotonic milliseconds. */
  elapsed: () => number
  shed: Shed
}>

/**
 * Builds the hook that every request passes first, our own endpoints included: it opens the visit and refuses
 * what readers could disagree on (head, host, target) before anything is looked up.
 */
export function createFront(options: FrontOptions): onRequestHookHandler {
  const { sites, answers, ruleKnowsHost, isCheck, originOf, createRequestId, elapsed } = options
  const { turns, beginSpan, onBegin, onEnd, onDrop, shed } = options

  return function front(request, reply, done) {
    const { raw } = request
    const origin = originOf(raw)
    const { host } = origin
    const visit: Visit = {
      requestId: createRequestId(),
      startedAt: elapsed(),
      origin,
      method: request.method,
      target: canonicalPath(raw.url as string),
      site: host === undefined ? undefined : sites.of(host),
      isUpgrade: upgradeOf.has(raw),
      expectsContinue: awaitsContinue.has(raw),
    }
    const { traceparent, tracestate } = request.headers as Readonly<Record<string, string | undefined>>
    if (traceparent !== undefined) visit.trace = readTraceContext(traceparent, tracestate)
    if (beginSpan !== undefined) visit.span = beginSpan(visit.trace)
    request.visit = visit
    onBegin(visit)
    const connection = visit.isUpgrade ? raw.socket : reply.raw
    // Not `once`, whose wrapper costs more than it saves: a response closes one time only.
    connection.on('close', () => {
      onEnd(request, reply)
      if (visit.hasTurn !== true) return
      if (visit.isLast === true) turns.end(raw.socket)
      else turns.pass(raw.socket)
    })
    const go = () => {
      if (visit.span === undefined) judge(request, reply, done)
      else visit.span.run(() => judge(request, reply, done))
    }
    const goInTurn = () => {
      visit.hasTurn = true
      go()
    }
    // The answers of HTTP/2 do not wait for each other (RFC 9113 section 5); there are only so many streams at a time.
    if (cameByHttp2.has(raw)) go()
    else turns.take(raw.socket, goInTurn, () => onDrop(visit))
  }

  function judge(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
    const { site, target } = request.visit
    const problem = problemOf(request)
    if (problem !== undefined) {
      answers.badRequest(request, reply, problem)
      return
    }
    const excess = shed((target as RequestPath).path)
    if (excess !== undefined) answers.overloaded(request, reply, excess)
    else if (site === undefined && !isServed(request.visit)) answers.misdirected(request, reply)
    else done()
  }

  function isServed({ origin, target }: Visit): boolean {
    return ruleKnowsHost(origin.host as string) || isCheck((target as RequestPath).path)
  }
}

function problemOf({ raw, visit }: FastifyRequest): string | undefined {
  const problem = headProblem(raw.rawHeaders, cameByHttp2.has(raw) ? '1.1' : raw.httpVersion)
  if (problem !== undefined) return problem
  if (visit.origin.host === undefined) return 'host-invalid'
  return visit.target === undefined ? 'target-not-canonical' : undefined
}
