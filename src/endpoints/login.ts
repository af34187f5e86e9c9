import { type KnownWishes, readWish } from '../core/authorization-wish.ts'
import type { Session } from '../core/session.ts'
import type { BeginLogin } from '../gate/begin-login.ts'
import type { TellLoginProblem } from '../gate/login-problem.ts'
import type { Respond } from '../gate/respond.ts'
import type { Site, Sites } from '../gate/site.ts'
import { siteOf } from '../gate/visit.ts'
import type { Endpoint } from './endpoints.ts'
import { queryOf } from './query.ts'
import type { ReturnTo } from './return-to.ts'

type LoginOptions = Readonly<{
  sites: Sites
  beginLogin: BeginLogin
  respond: Respond
  loginProblem: TellLoginProblem
  /** The live session of a request, if there is one. */
  sessionOf: (site: Site, cookieHeader: string | undefined) => Session | undefined
  returnTo: ReturnTo
  /** What rules may make a login ask for. */
  wishes: KnownWishes
  /** Another proxy sends people here by itself, so that coming here is no sign of somebody who wanted to. */
  isAskedByProxy: boolean
}>

/** Logins in a row that led nowhere, where a proxy in front sends people round. */
const toleratedRounds = 2

/**
 * `GET start?rd=` and `GET sign_in?rd=`: begin a login, back to `rd` afterwards if that is one of ours.
 * `scope`, `acr_values` and `max_age` ask for more, as far as some rule could.
 */
export function createLogin(options: LoginOptions): Endpoint {
  const { sites, beginLogin, respond, loginProblem, sessionOf, returnTo: returnToOf, wishes } = options
  return async (request, reply) => {
    const site = siteOf(request, sites)
    const { loops } = site.cookies
    const { cookie } = request.headers
    const returnTo = returnToOf(request, site)
    const session = sessionOf(site, cookie)
    const trip = { returnTo, hasSession: session !== undefined }
    if (options.isAskedByProxy && loops.isLooping(cookie, trip, toleratedRounds)) {
      loginProblem.goingRound(request, reply, site, returnTo, trip.hasSession)
      return
    }
    try {
      const wish = readWish(queryOf(request), wishes)
      const { location, cookies } = await beginLogin(site, cookie, {
        client: request.visit.origin.client,
        returnTo,
        wish,
        session,
      })
      // Asked for by hand: an earlier count of logins that led nowhere says nothing about this one.
      const lines = options.isAskedByProxy ? cookies : [...cookies, loops.reset()]
      respond.redirect(request, reply, 302, location, { reason: 'login-begun', cookies: lines })
    } catch (error) {
      loginProblem.failed(request, reply, error, returnTo)
    }
  }
}
