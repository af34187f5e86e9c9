import type { FastifyReply, FastifyRequest } from 'fastify'
import { isCrossSite, isForPerson, isNavigation } from '../core/navigation.ts'
import { returnTarget } from '../core/return-target.ts'
import { accountName, type Session } from '../core/session.ts'
import type { Respond } from '../gate/respond.ts'
import type { Site, Sites } from '../gate/site.ts'
import { siteOf, type Visit } from '../gate/visit.ts'
import { crossSitePage } from '../pages/cross-site.ts'
import { signOutPage } from '../pages/sign-out.ts'
import { signedOutPage } from '../pages/signed-out.ts'
import type { EndpointTable } from './endpoints.ts'
import { queryOf } from './query.ts'

type LogoutOptions = Readonly<{
  sites: Sites
  prefix: string
  respond: Respond
  /** The live session of a request, if there is one. */
  sessionOf: (site: Site, cookieHeader: string | undefined) => Session | undefined
  /** Ends a session here and revokes its tokens at the provider, without waiting for it. */
  endSession: (session: Session) => void | Promise<void>
  endSessionUrl: (wish: {
    idToken?: string
    postLogoutRedirectUri: string
    state?: string
  }) => string | undefined
  /** Keeps the return target on its way through the provider. */
  seal: (returnTo: string) => string
  open: (sealed: string) => string | undefined
}>

/**
 * An upstream may let browsers keep its pages, and the Back button would go on showing them.
 * @see Clear Site Data section 3.1
 */
const forgetPages = Object.freeze({ 'clear-site-data': '"cache"' })

/**
 * `sign_out` ends the session here first, then at the provider; `signed_out` is where the provider sends people back to.
 * @see OpenID Connect RP-Initiated Logout 1.0 sections 2 and 3
 */
export function createLogout(options: LogoutOptions): EndpointTable {
  const { sites, prefix, respond, sessionOf, endSession, endSessionUrl, seal, open } = options
  return { sign_out: { POST: post, GET: get }, signed_out: { GET: signedOut } }

  async function post(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (isCrossSite(request.method, request.headers, sites.isOwnOrigin)) {
      respond.page(request, reply, crossSitePage(respond.facts(request)), { reason: 'cross-site' })
      return
    }
    await signOut(request, reply)
  }

  /** A link on one of our own pages signs out; a link or image elsewhere only gets to a button. */
  async function get(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { headers, method } = request
    if (headers['sec-fetch-site'] === 'same-origin' && isNavigation(method, headers)) {
      await signOut(request, reply)
      return
    }
    const session = sessionOf(siteOf(request, sites), headers.cookie)
    const facts = { ...respond.facts(request), ...(session && { who: accountName(session) }) }
    respond.page(request, reply, signOutPage(facts), {
      reason: 'sign-out-asked',
      json: JSON.stringify({ signed_out: false }),
    })
  }

  async function signOut(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const site = siteOf(request, sites)
    const { cookie } = request.headers
    const session = sessionOf(site, cookie)
    if (session !== undefined) await end(request.visit, session)
    const { sessions, logins, loops } = site.cookies
    const cookies = [...sessions.clear(cookie), ...logins.clearAll(cookie), loops.reset()]
    const answer = { reason: 'signed-out', cookies, headers: forgetPages }
    const returnTo = returnOf(request, site)
    if (isForPerson(request.headers)) {
      respond.redirect(
        request,
        reply,
        303,
        nextStop(site, session, returnTo, session?.tokens.idToken),
        answer,
      )
      return
    }
    // A script can read this: it gets no token. The provider may ask the person whether to sign out.
    const location = nextStop(site, session, returnTo, undefined)
    respond.json(request, reply, 200, JSON.stringify({ signed_out: true, location }), answer)
  }

  async function end(visit: Visit, session: Session): Promise<void> {
    await endSession(session)
    visit.session = session
    visit.event = 'sign-out'
  }

  /** The provider's end of the session where it has one, else our own page or the return target. */
  function nextStop(
    site: Site,
    session: Session | undefined,
    returnTo: string | undefined,
    idToken: string | undefined,
  ): string {
    const landing = `${site.origin}${prefix}/signed_out`
    const atProvider =
      session &&
      endSessionUrl({
        postLogoutRedirectUri: landing,
        ...(idToken !== undefined && { idToken }),
        ...(returnTo !== undefined && { state: seal(returnTo) }),
      })
    return atProvider ?? returnTo ?? landing
  }

  function signedOut(request: FastifyRequest, reply: FastifyReply): void {
    const state = queryOf(request).get('state')
    const returnTo = state === null ? undefined : open(state)
    if (returnTo !== undefined) {
      respond.redirect(request, reply, 303, returnTo, { reason: 'signed-out' })
      return
    }
    respond.page(request, reply, signedOutPage(respond.facts(request)), {
      reason: 'signed-out',
      json: JSON.stringify({ signed_out: true }),
    })
  }

  function returnOf(request: FastifyRequest, site: Site): string | undefined {
    const rd = queryOf(request).getAll('rd')
    const target = { origin: site.origin, isAllowedOrigin: sites.isReturnOrigin, prefix }
    return rd.length === 1 ? returnTarget(rd[0], target) : undefined
  }
}
