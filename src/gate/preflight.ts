import type { FastifyReply, FastifyRequest } from 'fastify'
import { type CorsPolicy, preflightHeaders, preflightOf } from '../core/cors.ts'
import type { CanonicalPath } from '../core/request-path.ts'
import type { Match } from '../core/rules.ts'
import { corsRefusedPage } from '../pages/cors-refused.ts'
import type { Respond } from './respond.ts'
import { targetOf } from './visit.ts'

/** What of a request decides on its rule, beside the path. */
export type Judged = Pick<FastifyRequest, 'method' | 'visit'>

/**
 * Answers a CORS preflight for a path whose rule has a policy, without credentials and without the upstream; false for
 * any other request, which is then judged as what it is.
 */
export type Preflight = (
  request: FastifyRequest,
  reply: FastifyReply,
  matchOf: (judged: Judged, path: CanonicalPath) => Match,
) => boolean

/**
 * Builds what answers preflights. The rule is that of the request which the browser wants to send, in every reading of
 * the path: all of them must have a policy that allows it.
 * @see Fetch Standard section 3.2.2
 */
export function createPreflight(respond: Respond): Preflight {
  return (request, reply, matchOf) => {
    const preflight = preflightOf(request.method, request.headers)
    if (preflight === undefined) return false
    const { path, folded } = targetOf(request)
    const judged = { method: preflight.method, visit: request.visit }
    const policies = [path, ...folded].map((reading) => policyOf(matchOf(judged, reading)))
    const [policy] = policies
    if (policy === undefined) return false
    const granted = policies.map((each) => each && preflightHeaders(each, preflight))
    if (granted.every((headers) => headers !== undefined)) {
      const reason = 'preflight'
      respond.empty(request, reply, { reason, headers: granted[0] as Readonly<Record<string, string>> })
    } else {
      respond.page(request, reply, corsRefusedPage(respond.facts(request)), { reason: 'cors-refused' })
    }
    return true
  }
}

function policyOf(match: Match): CorsPolicy | undefined {
  return match.kind === 'rule' ? match.rule.cors : undefined
}
