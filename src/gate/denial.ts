import type { FastifyReply, FastifyRequest } from 'fastify'
import { wishOf } from '../core/authorization-wish.ts'
import type { Decision } from '../core/decision.ts'
import { isRetrieval } from '../core/navigation.ts'
import type { Rule } from '../core/rule.ts'
import { missingScopes } from '../core/scope.ts'
import { accountName, type Session } from '../core/session.ts'
import { crossSitePage } from '../pages/cross-site.ts'
import { forbiddenPage } from '../pages/forbidden.ts'
import { startUrl } from '../pages/layout.ts'
import { insufficient, loginRequired, type Missing, stepUpRequired } from '../pages/problem.ts'
import { signInFirstPage } from '../pages/sign-in-first.ts'
import { weakAuthenticationPage } from '../pages/weak-authentication.ts'
import type { BeginLogin } from './begin-login.ts'
import type { Challenges } from './challenge.ts'
import type { TellLoginProblem } from './login-problem.ts'
import type { RefuseToken } from './refuse-token.ts'
import type { Respond } from './respond.ts'
import type { Sites } from './site.ts'
import { hereOf, siteOf, type Visit } from './visit.ts'

export type Denial = Exclude<Decision, { kind: 'forward' }>
type Of<Kind extends Denial['kind']> = Extract<Denial, { kind: Kind }>

/** Answers a request that was judged and not let pass, by what was decided: a login, a challenge or a refusal. */
export type Deny = (request: FastifyRequest, reply: FastifyReply, denial: Denial) => void

type DenyOptions = Readonly<{
  respond: Respond
  sites: Sites
  prefix: string
  challenges: Challenges
  refuseToken: RefuseToken
  beginLogin: BeginLogin
  loginProblem: TellLoginProblem
}>

/** What a client that was judged by a rule is known by. */
type JudgedVisit = Visit & Readonly<{ rule: Rule; reason: string }>

/** Builds what answers denials. */
export function createDeny(options: DenyOptions): Deny {
  const { respond, sites, prefix, challenges, refuseToken, beginLogin, loginProblem } = options
  return deny

  function deny(request: FastifyRequest, reply: FastifyReply, denial: Denial): void {
    switch (denial.kind) {
      case 'login':
        login(request, reply, denial).catch((error) =>
          loginProblem.failed(request, reply, error, hereOf(request, sites)),
        )
        return
      case 'challenge':
        challenge(request, reply, denial)
        return
      case 'forbid':
        forbid(request, reply, denial)
        return
    }
  }

  async function login(request: FastifyRequest, reply: FastifyReply, denial: Of<'login'>): Promise<void> {
    const site = siteOf(request, sites)
    const returnTo = hereOf(request, sites)
    const { cookie } = request.headers
    const { session } = request.visit
    const trip = { returnTo, hasSession: session !== undefined }
    if (site.cookies.loops.isLooping(cookie, trip)) return looping(request, reply, denial)
    const { location, cookies } = await beginLogin(site, cookie, {
      client: request.visit.origin.client,
      returnTo,
      wish: denial.wish,
      session,
    })
    respond.redirect(request, reply, 302, location, { reason: denial.reason, cookies })
  }

  /** Sent round too often: either the session does not come back, or it never becomes what the rule asks for. */
  function looping(request: FastifyRequest, reply: FastifyReply, { reason }: Of<'login'>): void {
    if (reason === 'no-session') {
      loginProblem.cookieMissing(request, reply, siteOf(request, sites), hereOf(request, sites))
    } else if (reason === 'missing-scope') {
      const { rule, session } = judged(request)
      lacking(request, reply, {
        kind: 'forbid',
        reason,
        missing: missingScopes(rule, (session as Session).scopes),
      })
    } else weak(request, reply, { kind: 'forbid', reason })
  }

  function challenge(request: FastifyRequest, reply: FastifyReply, denial: Of<'challenge'>): void {
    switch (denial.reason) {
      case 'no-session':
      case 'no-token':
        nothingSent(request, reply)
        return
      case 'token-audience-wrong':
        refuseToken.fault(request, reply, denial.reason)
        return
      default:
        stepUp(request, reply, denial.reason)
    }
  }

  function nothingSent(request: FastifyRequest, reply: FastifyReply): void {
    const { requestId, reason, rule } = judged(request)
    const scope = [...rule.scopes, ...rule.anyScope]
    const answer = { reason, headers: { 'www-authenticate': challenges.header(request, { scope }) } }
    const wish = wishOf(rule)
    if (isForm(request)) {
      const page = signInFirstPage({ ...respond.facts(request), href: startUrl(prefix, '/', wish) })
      respond.page(request, reply, page, answer)
      return
    }
    const loginUrl = challenges.loginUrl(request, wish)
    respond.json(request, reply, 401, loginRequired({ reason, requestId, loginUrl }), answer)
  }

  /** RFC 9470 section 3. */
  function stepUp(request: FastifyRequest, reply: FastifyReply, reason: string): void {
    const { requestId, rule, session } = judged(request)
    const { acr, maxAge } = rule
    const wish = wishOf(rule)
    const detail = 'A stronger or more recent authentication is needed'
    const error = 'insufficient_user_authentication'
    const header = challenges.header(request, { error, description: detail, acr, maxAge })
    const answer = { reason, headers: { 'www-authenticate': header } }
    if (isForm(request)) {
      const href = startUrl(prefix, '/', wish)
      respond.page(
        request,
        reply,
        signInFirstPage({ ...respond.facts(request), href, isSignedIn: true }),
        answer,
      )
      return
    }
    // A browser's login makes no better token.
    const loginUrl = session === undefined ? undefined : challenges.loginUrl(request, wish)
    const body = stepUpRequired({ detail, reason, requestId, acr, maxAge, loginUrl })
    respond.json(request, reply, 401, body, answer)
  }

  function forbid(request: FastifyRequest, reply: FastifyReply, denial: Of<'forbid'>): void {
    if ('missing' in denial) lacking(request, reply, denial)
    else if (denial.reason === 'cross-site') crossSite(request, reply)
    else weak(request, reply, denial)
  }

  function crossSite(request: FastifyRequest, reply: FastifyReply): void {
    respond.page(request, reply, crossSitePage(respond.facts(request)), { reason: 'cross-site' })
  }

  function weak(request: FastifyRequest, reply: FastifyReply, { reason }: Of<'forbid'>): void {
    const { rule, session } = judged(request)
    const again = startUrl(prefix, hereOf(request, sites), wishOf(rule))
    const facts = { ...respond.facts(request), who: accountName(session as Session), again }
    const page = weakAuthenticationPage({ ...facts, isTooOld: reason === 'authentication-too-old' })
    respond.page(request, reply, page, { reason })
  }

  function lacking(
    request: FastifyRequest,
    reply: FastifyReply,
    denial: Extract<Denial, { missing: unknown }>,
  ): void {
    const { reason } = denial
    const { requestId, rule, session, bearer } = judged(request)
    const missing = missingOf(rule, denial)
    const caller = (session ?? bearer) as Session
    const mayAsk = session !== undefined && reason === 'missing-scope' && rule.onMissingScope === 'request'
    const wish = mayAsk ? wishOf(rule) : undefined
    // Nobody can come back to a form that was sent.
    const returnTo = isRetrieval(request.visit.method || 'GET') ? hereOf(request, sites) : '/'
    const again = wish && startUrl(prefix, returnTo, wish)
    const page = forbiddenPage({
      ...respond.facts(request),
      who: accountName(caller),
      missing,
      ...(again !== undefined && { again }),
    })
    const scope = reason === 'missing-scope' ? neededScopes(rule, missing) : undefined
    const loginUrl = wish && challenges.loginUrl(request, wish)
    const json = insufficient({ reason, requestId, detail: page.detail, missing, scope, loginUrl })
    respond.page(request, reply, page, { reason, json, headers: scopeHeaders(request, scope) })
  }

  /** RFC 6750 section 3.1; missing claims are nothing that a client could ask for. */
  function scopeHeaders(
    request: FastifyRequest,
    scope: readonly string[] | undefined,
  ): Record<string, string> {
    if (scope === undefined) return {}
    const description = 'More scope is needed than was granted'
    const error = 'insufficient_scope'
    return { 'www-authenticate': challenges.header(request, { error, description, scope }) }
  }
}

function judged({ visit }: FastifyRequest): JudgedVisit {
  return visit as JudgedVisit
}

/** A person sent a form, which no redirect could bring back. */
function isForm({ visit, headers }: FastifyRequest): boolean {
  return visit.rule?.onUnauthenticated === 'auto' && headers['sec-fetch-mode'] === 'navigate'
}

function missingOf(rule: Rule, { reason, missing }: { reason: string; missing: readonly string[] }): Missing {
  if (reason === 'missing-claim') return { claims: missing }
  const scopes = rule.scopes.filter((scope) => missing.includes(scope))
  // Of alternatives all are missing, or none is needed.
  const anyScope = rule.anyScope.every((scope) => missing.includes(scope)) ? rule.anyScope : []
  return { ...(scopes.length > 0 && { scopes }), ...(anyScope.length > 0 && { anyScope }) }
}

/** The scopes that the resource needs, not just those that are missing; of alternatives all, when there is none yet. */
function neededScopes({ scopes }: Rule, { anyScope = [] }: Missing): readonly string[] {
  return [...new Set([...scopes, ...anyScope])]
}
