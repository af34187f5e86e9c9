import { METHODS } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import {
  type CorsHeaders,
  type CorsPolicy,
  commonPolicy,
  preflightHeaders,
  preflightOf,
  preflightVary,
} from '../core/cors.ts'
import type { Match, RuleTable } from '../core/rules.ts'
import { corsRefusedPage } from '../pages/cors-refused.ts'
import type { Respond } from './respond.ts'
import { targetOf } from './visit.ts'

/**
 * Answers a CORS preflight for a path whose rule has a policy, without credentials and without the upstream; false for
 * any other request, which is then judged as what it is.
 */
export type Preflight = (request: FastifyRequest, reply: FastifyReply) => boolean

/** Methods that no rule can admit: one echoes credentials, the other asks for a tunnel (RFC 9110 section 9.3). */
export const neverServed: ReadonlySet<string> = new Set(['TRACE', 'CONNECT'])

/** Methods that a request can come with; in lower case they are others, which cannot. */
const readable: ReadonlySet<string> = new Set(METHODS)

/** What a preflight is told: what it may do, or undefined for nothing. */
export type PreflightVerdict = Readonly<{ headers: CorsHeaders | undefined }>

/** Judges a preflight; undefined for any other request, and for one of a path whose rule has no policy. */
export type JudgePreflight = (request: FastifyRequest) => PreflightVerdict | undefined

/**
 * Builds the judge of preflights. The rule is that of the request which the browser wants to send, in every reading of
 * the path: all of them must have a policy that allows it.
 * @see Fetch Standard section 3.2.2
 */
export function createJudgePreflight(rules: RuleTable): JudgePreflight {
  return (request) => {
    const { visit } = request
    const preflight = preflightOf(visit.method, request.headers)
    if (preflight === undefined) return undefined
    const { method } = preflight
    const { path, folded } = targetOf(request)
    const host = visit.origin.host as string
    const match = rules.match(host, path, method)
    if (match.kind !== 'rule' || match.rule.cors === undefined) return undefined
    visit.rule = match.rule
    const others = folded.map((reading) => policyOf(rules.match(host, reading, method)))
    const policy = commonPolicy(match.rule.cors, others)
    const isServed = readable.has(method) && !neverServed.has(method)
    return { headers: isServed ? preflightHeaders(policy, preflight) : undefined }
  }
}

/** Builds what answers preflights. */
export function createPreflight(judge: JudgePreflight, respond: Respond): Preflight {
  return (request, reply) => {
    const verdict = judge(request)
    if (verdict === undefined) return false
    const { headers } = verdict
    if (headers !== undefined) respond.empty(request, reply, { reason: 'preflight', headers })
    else {
      const answer = { reason: 'cors-refused', headers: preflightVary }
      respond.page(request, reply, corsRefusedPage(respond.facts(request)), answer)
    }
    return true
  }
}

/** What a match allows pages of other origins; undefined for nothing. */
function policyOf(match: Match): CorsPolicy | undefined {
  return match.kind === 'rule' ? match.rule.cors : undefined
}
