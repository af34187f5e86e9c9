import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Decision } from '../core/decision.ts'
import { type ErrorCode, PosternError } from '../core/errors.ts'
import { isNavigation } from '../core/navigation.ts'
import type { Rule } from '../core/rule.ts'
import { accountName, type Session } from '../core/session.ts'
import { badRequestPage } from '../pages/bad-request.ts'
import { crossSitePage } from '../pages/cross-site.ts'
import { forbiddenPage } from '../pages/forbidden.ts'
import { internalPage } from '../pages/internal.ts'
import { misdirectedPage } from '../pages/misdirected.ts'
import { notFoundPage } from '../pages/not-found.ts'
import { insufficient, loginRequired } from '../pages/problem.ts'
import { signInFirstPage } from '../pages/sign-in-first.ts'
import { unavailablePage } from '../pages/unavailable.ts'
import { type UpstreamFailure, upstreamDownPage } from '../pages/upstream-down.ts'
import { wrongMethodPage } from '../pages/wrong-method.ts'
import type { BeginLogin } from './begin-login.ts'
import type { TellLoginProblem } from './login-problem.ts'
import type { Respond } from './respond.ts'
import type { Sites } from './site.ts'
import { siteOf, targetOf, type Visit } from './visit.ts'

type Denial = Exclude<Decision, { kind: 'forward' }>

/** Turns what was decided, or what went wrong, into an answer. */
export type Answers = Readonly<{
  decision(request: FastifyRequest, reply: FastifyReply, decision: Denial): void
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
  /** 502 or 504: the upstream gave no answer that can be passed on. */
  upstreamFailed(request: FastifyRequest, reply: FastifyReply, error: PosternError): void
  /** 500: something unforeseen; a denial. */
  internal(request: FastifyRequest, reply: FastifyReply, error: unknown): void
}>

type AnswersOptions = Readonly<{
  respond: Respond
  sites: Sites
  prefix: string
  beginLogin: BeginLogin
  loginProblem: TellLoginProblem
  logError: (error: unknown, requestId: string) => void
}>

const upstreamFailures: Partial<Record<ErrorCode, UpstreamFailure>> = {
  POSTERN_UPSTREAM_UNREACHABLE: 'unreachable',
  POSTERN_UPSTREAM_TIMEOUT: 'timeout',
}

/** Builds the one place that answers. */
export function createAnswers(options: AnswersOptions): Answers {
  const { respond, sites, prefix, beginLogin, loginProblem, logError } = options
  return {
    decision,
    badRequest,
    notFound,
    wrongMethod,
    misdirected,
    unavailable,
    upstreamFailed,
    internal,
  }

  function decision(request: FastifyRequest, reply: FastifyReply, denial: Denial): void {
    switch (denial.kind) {
      case 'login':
        login(request, reply).catch((error) => loginProblem.failed(request, reply, error, here(request)))
        return
      case 'challenge':
        challenge(request, reply)
        return
      case 'forbid':
        forbid(request, reply, denial)
        return
    }
  }

  async function login(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const site = siteOf(request, sites)
    const returnTo = here(request)
    const { cookie } = request.headers
    if (site.cookies.loops.isLooping(cookie))
      return loginProblem.cookieMissing(request, reply, site, returnTo)
    const { location, cookies } = await beginLogin(site, cookie, { returnTo })
    respond.redirect(request, reply, 302, location, { reason: request.visit.reason as string, cookies })
  }

  function challenge(request: FastifyRequest, reply: FastifyReply): void {
    const { requestId, reason, rule } = request.visit as Visit & { reason: string; rule: Rule }
    // RFC 6750 section 3: no error code when no token was sent.
    const answer = { reason, headers: { 'www-authenticate': 'Bearer' } }
    if (rule.onUnauthenticated === 'auto' && request.headers['sec-fetch-mode'] === 'navigate') {
      respond.page(request, reply, signInFirstPage(respond.facts(request)), answer)
      return
    }
    const loginUrl = `${siteOf(request, sites).origin}${prefix}/start`
    respond.json(request, reply, 401, loginRequired({ reason, requestId, loginUrl }), answer)
  }

  function forbid(
    request: FastifyRequest,
    reply: FastifyReply,
    denial: Extract<Denial, { kind: 'forbid' }>,
  ): void {
    const { reason } = denial
    if (denial.reason === 'cross-site') {
      respond.page(request, reply, crossSitePage(respond.facts(request)), { reason })
      return
    }
    const { requestId, rule, session } = request.visit
    const missing = missingOf(rule as Rule, denial)
    const who = accountName(session as Session)
    const page = forbiddenPage({ ...respond.facts(request), who, missing })
    const json = insufficient({ reason, requestId, detail: page.detail, missing })
    respond.page(request, reply, page, { reason, json })
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
      loginProblem.failed(request, reply, failure, here(request))
      return
    }
    const facts = { ...respond.facts(request), ...retry(request) }
    respond.page(request, reply, unavailablePage(facts), {
      reason: 'provider-unreachable',
      headers: { 'retry-after': String(retryAfter) },
    })
  }

  function upstreamFailed(request: FastifyRequest, reply: FastifyReply, error: PosternError): void {
    logError(error, request.visit.requestId)
    const failure: UpstreamFailure = upstreamFailures[error.code] ?? 'invalid'
    const facts = { ...respond.facts(request), failure, ...retry(request) }
    respond.page(request, reply, upstreamDownPage(facts), { reason: `upstream-${failure}` })
  }

  function internal(request: FastifyRequest, reply: FastifyReply, error: unknown): void {
    logError(error, request.visit.requestId)
    respond.page(request, reply, internalPage(respond.facts(request)), { reason: 'internal-error' })
  }

  /** The address of this very request, as the person may come back to it. */
  function here(request: FastifyRequest): string {
    const { path, query } = targetOf(request)
    return siteOf(request, sites).origin + path + query
  }

  function retry(request: FastifyRequest): { retryUrl?: string } {
    return isNavigation(request.method, request.headers) ? { retryUrl: here(request) } : {}
  }
}

function missingOf(rule: Rule, denial: { reason: string; missing: readonly string[] }) {
  if (denial.reason === 'missing-claim') return { claims: denial.missing }
  const isAnyOf = rule.anyScope.length > 0 && denial.missing.every((scope) => rule.anyScope.includes(scope))
  return isAnyOf ? { anyScope: denial.missing } : { scopes: denial.missing }
}
