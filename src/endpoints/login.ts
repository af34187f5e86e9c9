import { type KnownWishes, readWish } from '../core/authorization-wish.ts'
import { returnTarget } from '../core/return-target.ts'
import type { Session } from '../core/session.ts'
import type { BeginLogin } from '../gate/begin-login.ts'
import type { TellLoginProblem } from '../gate/login-problem.ts'
import type { Respond } from '../gate/respond.ts'
import type { Site, Sites } from '../gate/site.ts'
import { siteOf } from '../gate/visit.ts'
import type { Endpoint } from './endpoints.ts'
import { queryOf } from './query.ts'

type LoginOptions = Readonly<{
  sites: Sites
  prefix: string
  beginLogin: BeginLogin
  respond: Respond
  loginProblem: TellLoginProblem
  /** The live session of a request, if there is one. */
  sessionOf: (site: Site, cookieHeader: string | undefined) => Session | undefined
  /** What rules may make a login ask for. */
  wishes: KnownWishes
}>

/**
 * `GET start?rd=` and `GET sign_in?rd=`: begin a login, back to `rd` afterwards if that is one of ours.
 * `scope`, `acr_values` and `max_age` ask for more, as far as some rule could.
 */
export function createLogin(options: LoginOptions): Endpoint {
  const { sites, prefix, beginLogin, respond, loginProblem, sessionOf, wishes } = options
  return async (request, reply) => {
    const site = siteOf(request, sites)
    const { cookie } = request.headers
    const query = queryOf(request)
    const rd = query.getAll('rd')
    const returnTo = returnTarget(rd.length === 1 ? rd[0] : undefined, {
      origin: site.origin,
      isOwnOrigin: sites.isOwnOrigin,
      prefix,
    })
    try {
      const { location, cookies } = await beginLogin(site, cookie, {
        returnTo,
        wish: readWish(query, wishes),
        session: sessionOf(site, cookie),
      })
      // Asked for by hand: an earlier count of logins that led nowhere says nothing about this one.
      const lines = [...cookies, site.cookies.loops.reset()]
      respond.redirect(request, reply, 302, location, { reason: 'login-begun', cookies: lines })
    } catch (error) {
      loginProblem.failed(request, reply, error, returnTo)
    }
  }
}
