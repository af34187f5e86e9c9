import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, PosternError } from '../core/errors.ts'
import { isNavigation } from '../core/navigation.ts'
import { badRequestPage } from '../pages/bad-request.ts'
import { bodyTooLargePage } from '../pages/body-too-large.ts'
import { internalPage } from '../pages/internal.ts'
import { misdirectedPage } from '../pages/misdirected.ts'
import { notFoundPage } from '../pages/not-found.ts'
import { overloadedPage } from '../pages/overloaded.ts'
import { unavailablePage } from '../pages/unavailable.ts'
import { type UpstreamFailure, upstreamDownPage } from '../pages/upstream-down.ts'
import { wrongMethodPage } from '../pages/wrong-method.ts'
import type { TellLoginProblem } from './login-problem.ts'
import type { Respond } from './respond.ts'
import type { Sites } from './site.ts'
import { hereOf } from './visit.ts'

/** Answers requests that never came to a decision, or that were let pass and failed. */
export type Answers = Readonly<{
  /** 400: a target or header block that readers disagree on. */
  badRequest(request: FastifyRequest, reply: FastifyReply, reason: string): void
  /** 404: no rule, or nothing of ours by that name. */
  notFound(request: FastifyRequest, reply: FastifyReply, reason: string): void
  /** 405 with Allow (RFC 9110 section 15.5.6). */
  wrongMethod(request: FastifyRequest, reply: FastifyReply, allow: readonly string[]): void
  /** 421 (RFC 9110 section 15.5.20). */
  misdirected(request: FastifyRequest, reply: FastifyReply): void
  /** The session is kept, but there is no usable access token right now. */
  unavailable(
    request: FastifyRequest,
    reply: FastifyReply,
    failure: { code: ErrorCode; retryAfter: number },
  ): void
  /** 503 with Retry-After: there is too much to do. */
  overloaded(request: FastifyRequest, reply: FastifyReply, reason: string): void
  /** 413, 502 or 504: the body is too long, or the upstream gave no answer that can be passed on. */
  upstreamFailed(request: FastifyRequest, reply: FastifyReply, error: PosternError): void
  /** 500: something unforeseen; a denial. */
  internal(request: FastifyRequest, reply: FastifyReply, error: unknown): void
}>

type AnswersOptions = Readonly<{
  respond: Respond
  sites: Sites
  loginProblem: TellLoginProblem
  logError: (error: unknown, requestId: string) => void
}>

/** When to come back: a second or two are enough to catch up, and not everybody should come in the same one. */
const overloadedForSeconds = 5

const upstreamFailures: Partial<Record<ErrorCode, UpstreamFailure>> = {
  POSTERN_UPSTREAM_UNREACHABLE: 'unreachable',
  POSTERN_UPSTREAM_TIMEOUT: 'timeout',
}

/** Builds the one place that answers. */
export function createAnswers(options: AnswersOptions): Answers {
  const { respond, sites, loginProblem, logError } = options
  return {
    badRequest,
    notFound,
    wrongMethod,
    misdirected,
    unavailable,
    overloaded,
    upstreamFailed,
    internal,
  }

  function badRequest(request: FastifyRequest, reply: FastifyReply, reason: string): void {
    respond.page(request, reply, badRequestPage(respond.facts(request)), { reason, isLast: true })
  }

  function notFound(request: FastifyRequest, reply: FastifyReply, reason: string): void {
    respond.page(request, reply, notFoundPage(respond.facts(request)), { reason })
  }

  function wrongMethod(request: FastifyRequest, reply: FastifyReply, allow: readonly string[]): void {
    const facts = { ...respond.facts(request), method: request.method, allowed: allow }
    respond.page(request, reply, wrongMethodPage(facts), {
      reason: 'wrong-method',
      headers: { allow: allow.join(', ') },
    })
  }

  function misdirected(request: FastifyRequest, reply: FastifyReply): void {
    const facts = {
      ...respond.facts(request),
      host: request.headers.host as string,
      publicUrl: sites.primary.origin,
    }
    respond.page(request, reply, misdirectedPage(facts), { reason: 'host-unknown' })
  }

  function unavailable(
    request: FastifyRequest,
    reply: FastifyReply,
    { code, retryAfter }: { code: ErrorCode; retryAfter: number },
  ): void {
    if (code !== 'POSTERN_PROVIDER_UNREACHABLE') {
      const failure = new PosternError(code, 'the session cannot be renewed')
      loginProblem.failed(request, reply, failure, hereOf(request, sites))
      return
    }
    const facts = { ...respond.facts(request), ...retry(request) }
    respond.page(request, reply, unavailablePage(facts), {
      reason: 'provider-unreachable',
      headers: { 'retry-after': String(retryAfter) },
    })
  }

  function overloaded(request: FastifyRequest, reply: FastifyReply, reason: string): void {
    respond.page(request, reply, overloadedPage(respond.facts(request)), {
      reason: `overload-${reason}`,
      headers: { 'retry-after': String(overloadedForSeconds) },
    })
  }

  function upstreamFailed(request: FastifyRequest, reply: FastifyReply, error: PosternError): void {
    if (error.code === 'POSTERN_BODY_TOO_LARGE') {
      respond.page(request, reply, bodyTooLargePage(respond.facts(request)), {
        reason: 'body-too-large',
        isLast: true,
      })
      return
    }
    logError(error, request.visit.requestId)
    const failure: UpstreamFailure = upstreamFailures[error.code] ?? 'invalid'
    const facts = { ...respond.facts(request), failure, ...retry(request) }
    respond.page(request, reply, upstreamDownPage(facts), { reason: `upstream-${failure}` })
  }

  function internal(request: FastifyRequest, reply: FastifyReply, error: unknown): void {
    logError(error, request.visit.requestId)
    respond.page(request, reply, internalPage(respond.facts(request)), { reason: 'internal-error' })
  }

  function retry(request: FastifyRequest): { retryUrl?: string } {
    return isNavigation(request.method, request.headers) ? { retryUrl: hereOf(request, sites) } : {}
  }
}
