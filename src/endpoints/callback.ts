import type { FastifyReply, FastifyRequest } from 'fastify'
import { unmetWish } from '../core/authorization-wish.ts'
import type { LoginState } from '../core/login-state.ts'
import { type Grant, type Session, startSession } from '../core/session.ts'
import { type BeginLogin, isRetried } from '../gate/begin-login.ts'
import type { TellLoginProblem } from '../gate/login-problem.ts'
import type { Respond } from '../gate/respond.ts'
import type { Site, Sites } from '../gate/site.ts'
import { siteOf, targetOf } from '../gate/visit.ts'
import type { UsedStates } from '../session/used-states.ts'
import type { Endpoint } from './endpoints.ts'
import { hasRepeated, queryOf } from './query.ts'

type CallbackOptions = Readonly<{
  sites: Sites
  beginLogin: BeginLogin
  respond: Respond
  loginProblem: TellLoginProblem
  usedStates: UsedStates
  /** The live session of a request, if there is one. */
  sessionOf: (site: Site, cookieHeader: string | undefined) => Session | undefined
  exchange: (callbackUrl: URL, login: LoginState) => Promise<Grant>
  /** Ends a session that a login of somebody else replaces. */
  endSession: (session: Session) => void | Promise<void>
  createSessionId: () => string
  clock: () => number
}>

/** Parameters of an authorization response; each may stand once (RFC 6749 section 3.1, RFC 9207 section 2). */
const responseParameters = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri']

/**
 * `GET callback`: ends a login. The state is compared before the code is spent, and works once.
 * @see RFC 6749 sections 4.1.2 and 10.12, RFC 9207, RFC 9700 section 4.7
 */
export function createCallback(options: CallbackOptions): Endpoint {
  const { sites, beginLogin, respond, loginProblem, usedStates, sessionOf, exchange } = options
  return callback

  async function callback(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const site = siteOf(request, sites)
    const query = queryOf(request)
    const state = query.get('state')
    const { cookie } = request.headers
    if (!state || hasRepeated(query, responseParameters) || isPrefetch(request)) {
      return loginProblem.show(request, reply, { reason: 'login-unknown' })
    }
    const pending = site.cookies.logins.find(cookie, state)
    if (pending === undefined || pending.isExpired) {
      return recover(request, reply, site, state, pending?.login)
    }
    const { login } = pending
    if (!(await usedStates.spend(state))) return recover(request, reply, site, state, login, true)
    const forget = site.cookies.logins.clear(cookie, state)
    try {
      const grant = await exchange(new URL(site.callbackUrl + targetOf(request).query), login)
      await finish(request, reply, site, grant, login, forget)
    } catch (error) {
      loginProblem.failed(request, reply, error, login.returnTo, forget)
    }
  }

  /** No usable login: whoever is signed in goes on; else the login begins once more; then the likely cause is named. */
  async function recover(
    request: FastifyRequest,
    reply: FastifyReply,
    site: Site,
    state: string,
    login?: LoginState,
    isReplay = false,
  ): Promise<void> {
    const { cookie } = request.headers
    const returnTo = login?.returnTo ?? `${site.origin}/`
    if (sessionOf(site, cookie) !== undefined) {
      return respond.redirect(request, reply, 303, returnTo, { reason: 'already-signed-in' })
    }
    if (isReplay) return loginProblem.show(request, reply, { reason: 'login-already-used' }, returnTo)
    if (isRetried(state)) return loginProblem.cookieMissing(request, reply, site, returnTo)
    // The cookies come back, but the state does not: beginning again would go round in circles.
    if (site.cookies.logins.pending(cookie).some((other) => isRetried(other.state))) {
      return loginProblem.show(request, reply, { reason: 'login-unknown' }, returnTo)
    }
    try {
      const { location, cookies } = await beginLogin(site, cookie, {
        client: request.visit.origin.client,
        returnTo,
        isRetry: true,
        wish: login?.wish,
      })
      respond.redirect(request, reply, 302, location, { reason: 'login-begun-again', cookies })
    } catch (error) {
      loginProblem.failed(request, reply, error, returnTo)
    }
  }

  async function finish(
    request: FastifyRequest,
    reply: FastifyReply,
    site: Site,
    grant: Grant,
    { returnTo, wish }: LoginState,
    forget: readonly string[],
  ): Promise<void> {
    const { cookie } = request.headers
    const { sessions, loops } = site.cookies
    const now = options.clock()
    const previous = sessionOf(site, cookie)
    const isSamePerson = previous?.sub === grant.sub
    // The rule judges what came of it; what was asked for in vain, now or before, is not asked for again.
    const unmet = unmetWish([wish, isSamePerson ? previous.unmet : undefined], grant, now)
    const session = startSession(options.createSessionId(), grant, now, unmet)
    const written = sessions.write(session, cookie)
    // Another tab of the same person may still be using the session that is replaced: that one only fades out.
    if (previous !== undefined && !isSamePerson) await options.endSession(previous)
    request.visit.session = session
    request.visit.event = 'sign-in'
    const cookies = [
      ...written,
      ...forget,
      loops.count(cookie, { returnTo, hasSession: previous !== undefined }),
    ]
    respond.redirect(request, reply, 303, returnTo, { reason: 'signed-in', cookies })
  }
}

/** Browsers that load pages ahead must not spend the code of a login. */
function isPrefetch({ headers }: FastifyRequest): boolean {
  return [headers['sec-purpose'], headers['purpose'], headers['x-moz']].some(
    (value) => typeof value === 'string' && value.includes('prefetch'),
  )
}
