import { performance } from 'node:perf_hooks'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ErrorCode, PosternError } from './core/errors.ts'
import type { Rule } from './core/rule.ts'
import type { Session } from './core/session.ts'
import type { ForwardFactsOf } from './forward-facts.ts'
import type { CookieChange } from './gate/cookie-change.ts'
import { targetOf, type Visit } from './gate/visit.ts'
import { upgradeOf } from './listener/arrival.ts'
import type { Observer } from './observer.ts'
import type { ForwardPlan } from './proxy/exchange.ts'
import { forward } from './proxy/forward.ts'
import type { LiveStreams } from './proxy/live-streams.ts'
import { upgrade } from './proxy/upgrade.ts'
import { upstreamPath } from './proxy/upstream-path.ts'
import type { Upstreams } from './proxy/upstreams.ts'

type ForwardingOptions = Readonly<{
  upstreams: Upstreams
  /** What an upstream is told. */
  factsOf: ForwardFactsOf
  live: LiveStreams
  /** What bounds the exchange with the client. */
  limitsOf: (rule: Rule) => Pick<ForwardPlan, 'maxBodyBytes' | 'sendTimeoutMs'>
  cookieLines: (change: CookieChange | undefined) => readonly string[]
  /** Epoch seconds at which a session ends whatever happens. */
  endsAt: (session: Session) => number
  onFailure: (request: FastifyRequest, reply: FastifyReply, error: PosternError) => void
  onCut: (error: PosternError, requestId: string) => void
  onAnswer: Observer['upstreamAnswered']
}>

/** What went wrong with an upstream, as it is counted. */
const failures: Partial<Record<ErrorCode, string>> = {
  POSTERN_UPSTREAM_UNREACHABLE: 'unreachable',
  POSTERN_UPSTREAM_TIMEOUT: 'timeout',
}

/** Builds the handler of admitted requests: it joins what the gate found out with what the proxy needs to know. */
export function createForwarding(options: ForwardingOptions) {
  const { upstreams, factsOf, live, limitsOf, cookieLines, endsAt, onFailure, onCut, onAnswer } = options

  // A stream without a session is registered too, so that it ends when the gateway does.
  const nobodys = { streams: live, sessionId: '', endsAt: Number.POSITIVE_INFINITY }

  return function handle(request: FastifyRequest, reply: FastifyReply): void {
    // The client may have gone while its session was being renewed.
    if (reply.raw.destroyed) return
    const plan = planFor(request, reply)
    const head = upgradeOf.get(request.raw)
    if (head === undefined) forward(request.raw, reply.raw, plan)
    else upgrade(request.raw, reply.raw, head, plan)
  }

  /** A stream ends with its session, or with the token that opened it. */
  function liveOf({ session, bearer }: Visit) {
    if (session !== undefined) return { streams: live, sessionId: session.id, endsAt: endsAt(session) }
    return bearer === undefined ? nobodys : { ...nobodys, endsAt: bearer.expiresAt }
  }

  function planFor(request: FastifyRequest, reply: FastifyReply): ForwardPlan {
    const { visit } = request
    const { requestId } = visit
    const { path, query } = targetOf(request)
    // The guard lets nothing pass that has none.
    const rule = visit.rule as Rule
    const upstream = upstreams.get(rule.upstream as string)
    const { maxBodyBytes, sendTimeoutMs } = limitsOf(rule)
    const { name } = upstream
    const facts = factsOf(visit, upstream)
    const span = visit.span?.beginUpstream({
      upstream: name,
      method: request.method,
      url: upstream.url,
      path: upstreamPath(upstream.mapping, path, ''),
    })
    const sentAt = performance.now()
    return {
      upstream,
      path,
      query,
      facts: span === undefined ? facts : { ...facts, trace: span.headers },
      setCookies: () => cookieLines(visit.cookies),
      isProtected: visit.isProtected === true,
      expectsContinue: visit.expectsContinue,
      maxBodyBytes,
      sendTimeoutMs,
      live: liveOf(visit),
      cors: visit.cors,
      onHead: (status, isStream) => {
        if (isStream) visit.isStream = true
        span?.answered(status)
        onAnswer({ upstream: name, outcome: `${Math.floor(status / 100)}xx`, ms: performance.now() - sentAt })
      },
      onFailure: (error) => {
        const outcome = failures[error.code] ?? 'invalid'
        span?.failed(outcome)
        onAnswer({ upstream: name, outcome })
        onFailure(request, reply, error)
      },
      onCut: (error) => {
        span?.failed('cut')
        onAnswer({ upstream: name, outcome: 'cut' })
        onCut(error, requestId)
      },
    }
  }
}
