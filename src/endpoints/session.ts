import type { Session } from '../core/session.ts'
import type { Respond } from '../gate/respond.ts'
import type { Site, Sites } from '../gate/site.ts'
import { siteOf } from '../gate/visit.ts'
import type { Endpoint } from './endpoints.ts'

type SessionOptions = Readonly<{
  sites: Sites
  prefix: string
  respond: Respond
  /** The live session of a request, if there is one. */
  sessionOf: (site: Site, cookieHeader: string | undefined) => Session | undefined
  /** Seconds until the session ends if nothing is done. */
  secondsLeft: (session: Session) => number
}>

/**
 * `GET session`: whether somebody is signed in, for how long, and where to sign in; never a token. Looking does not
 * count as use: neither the idle time nor the tokens are touched.
 */
export function createSessionEndpoint(options: SessionOptions): Endpoint {
  const { sites, prefix, respond, sessionOf, secondsLeft } = options
  return (request, reply) => {
    const site = siteOf(request, sites)
    const session = sessionOf(site, request.headers.cookie)
    const left = session === undefined ? 0 : secondsLeft(session)
    const loginUrl = `${site.origin}${prefix}/start`
    const body =
      session === undefined || left <= 0
        ? { signed_in: false, login_url: loginUrl }
        : { signed_in: true, sub: session.sub, seconds_left: left, login_url: loginUrl }
    respond.json(request, reply, 200, JSON.stringify(body), { reason: 'session-asked' })
  }
}
