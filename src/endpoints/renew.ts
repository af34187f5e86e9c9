import type { FastifyRequest } from 'fastify'
import type { Identify } from '../gate/identity.ts'
import type { Respond } from '../gate/respond.ts'
import type { Sites } from '../gate/site.ts'
import { siteOf } from '../gate/visit.ts'
import type { Endpoint } from './endpoints.ts'
import type { ReturnTo } from './return-to.ts'

type RenewOptions = Readonly<{ sites: Sites; identify: Identify; respond: Respond; returnTo: ReturnTo }>

/**
 * `GET renew?rd=`: brings a browser the session cookie that an answer to a check could not carry, and sends it back.
 * It decides nothing: without a session the page itself says what to do.
 */
export function createRenew({ sites, identify, respond, returnTo }: RenewOptions): Endpoint {
  return async (request: FastifyRequest, reply) => {
    const site = siteOf(request, sites)
    const { cookies } = await identify(site.cookies.sessions, request.headers.cookie, true)
    if (cookies !== undefined) request.visit.cookies = cookies
    respond.redirect(request, reply, 303, returnTo(request, site), { reason: 'session-renewed' })
  }
}
