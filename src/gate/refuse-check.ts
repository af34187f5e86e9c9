import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Decision } from '../core/decision.ts'
import type { ErrorCode } from '../core/errors.ts'
import { badRequestPage } from '../pages/bad-request.ts'
import { startUrl } from '../pages/layout.ts'
import { notAllowedPage } from '../pages/not-allowed.ts'
import { loginRequired, problem } from '../pages/problem.ts'
import type { Challenges } from './challenge.ts'
import type { Respond } from './respond.ts'
import type { Sites } from './site.ts'
import { hereOf, siteOf } from './visit.ts'

/** How a page view learns where to sign in: by a redirect, by a header beside the 401, or not at all. */
export type SignIn = 'redirect' | 'status' | 'none'

/** Answers a check whose request may not pass, save what every denial looks like. */
export type RefuseCheck = Readonly<{
  /** 400: the check itself is wrong. */
  check(request: FastifyRequest, reply: FastifyReply, reason: string): void
  /** 403: nobody may make this request, or not this caller. */
  request(request: FastifyRequest, reply: FastifyReply, reason: string): void
  /** 302 or 401: there is no good enough session. */
  toLogin(
    request: FastifyRequest,
    reply: FastifyReply,
    isRedirecting: boolean,
    login: Extract<Decision, { kind: 'login' }>,
  ): void
  /** 302 to where the browser gets its renewed session. */
  toRenew(request: FastifyRequest, reply: FastifyReply): void
  /** 302 or 401: the session is kept, but cannot be used right now; our own pages tell why. */
  unavailable(
    request: FastifyRequest,
    reply: FastifyReply,
    failure: { code: ErrorCode; retryAfter: number },
    signIn: SignIn,
  ): void
  /** 403: something unforeseen; a denial. */
  failed(request: FastifyRequest, reply: FastifyReply, error: unknown): void
}>

type RefuseCheckOptions = Readonly<{
  respond: Respond
  sites: Sites
  prefix: string
  challenges: Challenges
  logError: (error: unknown, requestId: string) => void
  /** Tells whoever runs the gateway what to mend. */
  explain: (reason: string, remedy: string) => void
}>

/** What to do about a check that nobody could answer. */
const remedies: Readonly<Record<string, string>> = {
  'check-untrusted': 'the proxy that asks is not in server.trusted_proxies',
  'check-invalid': 'the query of the check has a mode that is neither redirect nor status',
  'original-missing':
    'a header that forward_auth.preset needs is missing; "postern print" prints what the proxy must set',
  'original-method-missing':
    'the routes of this path differ by method: let the proxy set X-Forwarded-Method, or write forward_auth.original_method: ignored',
  'original-repeated': 'a header that tells about the original request came twice',
  'original-conflict': 'two headers tell different things about the original request',
  'original-invalid': 'a header that tells about the original request cannot be read',
}

/** Builds what refuses checks. */
export function createRefuseCheck(options: RefuseCheckOptions): RefuseCheck {
  const { respond, sites, prefix, challenges, logError, explain } = options
  return { check, request: forbid, toLogin, toRenew, unavailable, failed }

  function check(request: FastifyRequest, reply: FastifyReply, reason: string): void {
    explain(reason, remedies[reason] as string)
    respond.page(request, reply, badRequestPage(respond.facts(request)), { reason })
  }

  function forbid(request: FastifyRequest, reply: FastifyReply, reason: string): void {
    request.visit.decision = 'forbid'
    respond.page(request, reply, notAllowedPage(respond.facts(request)), { reason })
  }

  function toLogin(
    request: FastifyRequest,
    reply: FastifyReply,
    isRedirecting: boolean,
    { reason, wish }: Extract<Decision, { kind: 'login' }>,
  ): void {
    const { loginOrigin } = siteOf(request, sites)
    const location = loginOrigin + startUrl(prefix, hereOf(request, sites), wish)
    if (isRedirecting) {
      respond.redirect(request, reply, 302, location, { reason })
      return
    }
    const { requestId } = request.visit
    const body = loginRequired({ reason, requestId, loginUrl: challenges.loginUrl(request, wish) })
    const headers = {
      'www-authenticate': challenges.header(request),
      'x-auth-request-redirect': location,
    }
    respond.json(request, reply, 401, body, { reason, headers })
  }

  function toRenew(request: FastifyRequest, reply: FastifyReply): void {
    const rd = new URLSearchParams({ rd: hereOf(request, sites) })
    const location = `${siteOf(request, sites).loginOrigin}${prefix}/renew?${rd}`
    respond.redirect(request, reply, 302, location, { reason: 'session-undelivered' })
  }

  function unavailable(
    request: FastifyRequest,
    reply: FastifyReply,
    { code, retryAfter }: { code: ErrorCode; retryAfter: number },
    signIn: SignIn,
  ): void {
    const reason = code === 'POSTERN_PROVIDER_UNREACHABLE' ? 'provider-unreachable' : 'session-unusable'
    const location = siteOf(request, sites).loginOrigin + startUrl(prefix, hereOf(request, sites))
    if (signIn === 'redirect') {
      respond.redirect(request, reply, 302, location, { reason })
      return
    }
    const { requestId } = request.visit
    const detail = 'The session cannot be checked right now; it is kept. Try again in a moment.'
    respond.json(request, reply, 401, problem({ status: 401, detail, reason, requestId }), {
      reason,
      headers: {
        'retry-after': String(retryAfter),
        'www-authenticate': challenges.header(request),
        ...(signIn === 'status' && { 'x-auth-request-redirect': location }),
      },
    })
  }

  function failed(request: FastifyRequest, reply: FastifyReply, error: unknown): void {
    logError(error, request.visit.requestId)
    forbid(request, reply, 'internal-error')
  }
}
