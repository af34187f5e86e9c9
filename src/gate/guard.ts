import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { corsHeaders } from '../core/cors.ts'
import { type Decision, decide, type RequestFacts } from '../core/decision.ts'
import { isCrossSite, isForeignUpgrade, isNavigation, isRetrieval } from '../core/navigation.ts'
import type { CanonicalPath } from '../core/request-path.ts'
import type { Rule } from '../core/rule.ts'
import type { Match, RuleTable } from '../core/rules.ts'
import type { Answers } from './answer.ts'
import type { Caller, FindCaller } from './caller.ts'
import type { Deny } from './denial.ts'
import type { Judged, Preflight } from './preflight.ts'
import type { Sites } from './site.ts'
import { targetOf, type Visit } from './visit.ts'

type GuardOptions = Readonly<{
  rules: RuleTable
  sites: Sites
  prefix: string
  findCaller: FindCaller
  answers: Answers
  deny: Deny
  preflight: Preflight
  /** Epoch seconds. */
  clock: () => number
}>

/** Methods that no rule can admit: one echoes credentials, the other asks for a tunnel (RFC 9110 section 9.3). */
const neverServed: ReadonlySet<string> = new Set(['TRACE', 'CONNECT'])
const neverServedMatch: Match = Object.freeze({ kind: 'wrong-method', allow: [] })

/**
 * Builds the hook that every request for an upstream passes, WebSocket handshakes included.
 * It decides by the rule table and either lets the request go on or has it answered.
 */
export function createGuard(options: GuardOptions): onRequestHookHandler {
  const { rules, sites, prefix, findCaller, answers, deny, preflight, clock } = options

  return function guard(request, reply, done) {
    const target = targetOf(request)
    if (isBelow(target.path, prefix)) {
      answers.notFound(request, reply, 'own-endpoint-unknown')
      return
    }
    if (preflight(request, reply, matchOf)) return
    const match = matchOf(request, target.path)
    if (match.kind !== 'rule') {
      answerMismatch(request, reply, match)
      return
    }
    request.visit.rule = match.rule
    const found =
      target.folded.length === 0 ? [match.rule] : withReadings(request, reply, match.rule, target.folded)
    if (found === undefined) return
    request.visit.isProtected = !found.every(isPublic)
    if (!found.every((rule) => target.needs.every((need) => rule.allow.includes(need)))) {
      answers.badRequest(request, reply, 'target-needs-opt-in')
      return
    }
    const { cors } = match.rule
    if (cors !== undefined) request.visit.cors = corsHeaders(cors, request.headers.origin)
    const caller = findCaller(request, found)
    if (!(caller instanceof Promise)) {
      settle(request, reply, found, caller, done)
      return
    }
    // Whatever throws on the way, answering included, ends in an answer: nobody else would catch it.
    caller
      .then((settled) => settle(request, reply, found, settled, done))
      .catch((error) => answers.internal(request, reply, error))
  }

  function matchOf({ method, visit }: Judged, path: CanonicalPath): Match {
    return neverServed.has(method) ? neverServedMatch : rules.match(visit.origin.host as string, path, method)
  }

  function answerMismatch(request: FastifyRequest, reply: FastifyReply, match: Mismatch): void {
    if (match.kind === 'no-rule') answers.notFound(request, reply, 'no-rule')
    else answers.wrongMethod(request, reply, match.allow)
  }

  /** Every other reading of the path must find a rule too; the one as written says where the request goes. */
  function withReadings(
    request: FastifyRequest,
    reply: FastifyReply,
    written: Rule,
    readings: readonly CanonicalPath[],
  ): Rule[] | undefined {
    const matches = readings.map((reading) => matchOf(request, reading))
    const mismatch = matches.find((match) => match.kind !== 'rule')
    if (mismatch === undefined) return [written, ...matches.map((match) => (match as RuleMatch).rule)]
    answerMismatch(request, reply, mismatch as Mismatch)
    return undefined
  }

  function settle(
    request: FastifyRequest,
    reply: FastifyReply,
    found: readonly Rule[],
    caller: Caller,
    done: () => void,
  ): void {
    const { visit } = request
    const { session, bearer, cookies, failure } = caller
    if (cookies !== undefined) visit.cookies = cookies
    if (session !== undefined) visit.session = session
    if (bearer !== undefined) visit.bearer = bearer
    if (failure !== undefined) answers.unavailable(request, reply, failure)
    else if (caller.fault !== undefined) deny.badToken(request, reply, caller.fault)
    else if (caller.isMalformed) deny.badAuthorization(request, reply)
    else decideFor(request, reply, found, caller, done)
  }

  function decideFor(
    request: FastifyRequest,
    reply: FastifyReply,
    found: readonly Rule[],
    caller: Caller,
    done: () => void,
  ): void {
    const { visit } = request
    const decisions = found.map((rule) => decide(rule, caller, factsOf(request, rule, caller)))
    // The first denial wins, and with it its rule; without one the decision for the path as written stands.
    const index = Math.max(
      0,
      decisions.findIndex(({ kind }) => kind !== 'forward'),
    )
    const decision = decisions[index] as Decision
    visit.rule = found[index] as Rule
    visit.decision = decision.kind
    visit.reason = caller.reason ?? decision.reason
    if (decision.kind === 'forward') done()
    else deny.decision(request, reply, decision)
  }

  function factsOf({ method, headers, visit }: FastifyRequest, rule: Rule, { bearer }: Caller): RequestFacts {
    const isAllowed = (origin: string) => sites.isOwnOrigin(origin) || maySend(rule, origin)
    return {
      isSafe: !visit.isUpgrade && isRetrieval(method),
      // Asked only where a login may follow: reading Accept is dear.
      isNavigation:
        bearer === undefined && !visit.isUpgrade && mayNavigate(rule, visit) && isNavigation(method, headers),
      isCrossSite: visit.isUpgrade
        ? isForeignUpgrade(headers, isAllowed)
        : isCrossSite(method, headers, isAllowed),
      now: clock(),
    }
  }
}

/** Whether it can matter that a request is a page view: nobody is there, or the rule may ask for more. */
function mayNavigate({ acr, maxAge, onMissingScope }: Rule, { session }: Visit): boolean {
  return session === undefined || acr.length > 0 || maxAge !== undefined || onMissingScope === 'request'
}

/** Origins whose pages may use the session for more than reading: those that are named, or that CORS lets send it. */
function maySend({ allowedOrigins, cors }: Rule, origin: string): boolean {
  return allowedOrigins.includes(origin) || (cors?.credentials === true && cors.origins.includes(origin))
}

type RuleMatch = Extract<Match, { kind: 'rule' }>
type Mismatch = Exclude<Match, RuleMatch>

function isPublic({ access }: Rule): boolean {
  return access === 'public'
}

function isBelow(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f)
}
