import { bearerChallenge } from '../core/challenge.ts'
import type { Session } from '../core/session.ts'
import type { Identify } from '../gate/identity.ts'
import type { Respond } from '../gate/respond.ts'
import type { Sites } from '../gate/site.ts'
import { siteOf } from '../gate/visit.ts'
import { loginRequired } from '../pages/problem.ts'
import type { Endpoint } from './endpoints.ts'

type UserinfoOptions = Readonly<{ sites: Sites; prefix: string; identify: Identify; respond: Respond }>

/** `GET userinfo`: who is signed in, with the member names of oauth2-proxy; never a token. */
export function createUserinfo({ sites, prefix, identify, respond }: UserinfoOptions): Endpoint {
  return async (request, reply) => {
    const { visit } = request
    const site = siteOf(request, sites)
    const {
      session,
      cookies,
      reason = 'no-session',
    } = await identify(site.cookies.sessions, request.headers.cookie, false)
    if (cookies !== undefined) visit.cookies = cookies
    if (session === undefined) {
      const { requestId } = visit
      const body = loginRequired({ reason, requestId, loginUrl: `${site.origin}${prefix}/start` })
      return respond.json(request, reply, 401, body, {
        reason,
        headers: { 'www-authenticate': bearerChallenge({ realm: site.origin }) },
      })
    }
    visit.session = session
    respond.json(request, reply, 200, JSON.stringify(describe(session)), { reason: 'authenticated' })
  }
}

function describe({ sub, claims, scopes }: Session) {
  const { email, groups, name, preferred_username: preferredUsername } = claims
  return { sub, user: sub, email, name, groups, preferredUsername, scopes }
}
