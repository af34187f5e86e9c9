import type { FastifyRequest } from 'fastify'
import type { TokenFault } from '../core/bearer-token.ts'
import { type CorsHeaders, type CorsPolicy, commonPolicy, corsHeaders } from '../core/cors.ts'
import { type Decision, decide } from '../core/decision.ts'
import { judgeAnyMethod, judgePath, type PathJudgement, type PathRefusal } from '../core/judge-path.ts'
import type { CanonicalPath } from '../core/request-path.ts'
import type { Rule } from '../core/rule.ts'
import type { Match, RuleTable } from '../core/rules.ts'
import type { Caller, FindCaller } from './caller.ts'
import type { Identity } from './identity.ts'
import { neverServed } from './preflight.ts'
import { requestFacts } from './request-facts.ts'
import type { Sites } from './site.ts'
import { targetOf, type Visit } from './visit.ts'

/** What was found out about a request: what was decided, or why it never came to that. */
export type Verdict =
  | Readonly<{ kind: 'decided'; decision: Decision }>
  | Readonly<{ kind: 'token-refused'; fault: TokenFault }>
  | Readonly<{ kind: 'malformed' }>
  | Readonly<{ kind: 'unavailable'; failure: NonNullable<Identity['failure']> }>

/**
 * Judges requests by the rule table: the proxy's own, and those that others ask about. Each step leaves in the visit
 * what it found.
 */
export type Judge = Readonly<{
  /** Finds the rules of the path, in every reading of it. */
  findRules(request: FastifyRequest): PathJudgement
  /** Finds out who is asking and decides; a promise only where somebody has to be asked. */
  decide(request: FastifyRequest, rules: readonly Rule[]): Verdict | Promise<Verdict>
}>

type JudgeOptions = Readonly<{
  rules: RuleTable
  sites: Sites
  findCaller: FindCaller
  /** Epoch seconds. */
  clock: () => number
}>

const neverServedMatch: Match = Object.freeze({ kind: 'wrong-method', allow: [] })
const malformed: Verdict = Object.freeze({ kind: 'malformed' })

/** Builds the judge. */
export function createJudge({ rules, sites, findCaller, clock }: JudgeOptions): Judge {
  return { findRules, decide: decideFor }

  function findRules(request: FastifyRequest): PathJudgement {
    const { visit } = request
    const judgement = judgementOf(visit, targetOf(request))
    const { rules: found, refusal } = judgement
    const [written] = found
    if (written !== undefined) {
      visit.rule = written
      if (written.cors !== undefined) visit.cors = corsOf(request, written.cors, found, refusal)
    }
    visit.isProtected = !found.every(isPublic)
    return judgement
  }

  function judgementOf({ method, origin }: Visit, target: NonNullable<Visit['target']>): PathJudgement {
    const host = origin.host as string
    if (method === '') return judgeAnyMethod(target, (path) => rules.rulesAt(host, path))
    return judgePath(target, (path) => matchOf(host, path, method))
  }

  function matchOf(host: string, path: CanonicalPath, method: string): Match {
    return neverServed.has(method) ? neverServedMatch : rules.match(host, path, method)
  }

  function decideFor(request: FastifyRequest, found: readonly Rule[]): Verdict | Promise<Verdict> {
    const caller = findCaller(request, found)
    return caller instanceof Promise
      ? caller.then((settled) => settle(request, found, settled))
      : settle(request, found, caller)
  }

  function settle(request: FastifyRequest, found: readonly Rule[], caller: Caller): Verdict {
    const { visit } = request
    const { session, bearer, cookies, failure, fault } = caller
    if (cookies !== undefined) visit.cookies = cookies
    if (session !== undefined) visit.session = session
    if (caller.isUndelivered) visit.isUndelivered = true
    if (bearer !== undefined) visit.bearer = bearer
    if (failure !== undefined) return { kind: 'unavailable', failure }
    if (fault !== undefined) {
      visit.decision = 'challenge'
      return { kind: 'token-refused', fault }
    }
    return caller.isMalformed ? malformed : conclude(request, found, caller)
  }

  function conclude(request: FastifyRequest, found: readonly Rule[], caller: Caller): Verdict {
    const { visit } = request
    const decision = firstDenial(request, found, caller)
    visit.decision = decision.kind
    visit.reason = caller.reason ?? decision.reason
    return { kind: 'decided', decision }
  }

  /** The first denial wins, and its rule is the one that is told about; without one the path as written decides. */
  function firstDenial(request: FastifyRequest, found: readonly Rule[], caller: Caller): Decision {
    let decision: Decision | undefined
    for (const rule of found) {
      const next = decide(rule, caller, requestFacts(request, rule, caller, { sites, clock }))
      if (next.kind !== 'forward') {
        request.visit.rule = rule
        return next
      }
      decision ??= next
    }
    return decision as Decision
  }
}

/** Pages of other origins may read what every reading of the path lets them. */
function corsOf(
  { headers }: FastifyRequest,
  cors: CorsPolicy,
  found: readonly Rule[],
  refusal: PathRefusal | undefined,
): CorsHeaders {
  const isWhole = refusal === undefined || refusal.kind === 'needs-opt-in'
  const others = isWhole ? found.slice(1).map((rule) => rule.cors) : [undefined]
  return corsHeaders(commonPolicy(cors, others), headers.origin)
}

function isPublic({ access }: Rule): boolean {
  return access === 'public'
}
