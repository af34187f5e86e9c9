import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { type CorsHeaders, type CorsPolicy, commonPolicy, corsHeaders, maySendSession } from '../core/cors.ts'
import { type Decision, decide, type RequestFacts } from '../core/decision.ts'
import { judgePath, type PathRefusal } from '../core/judge-path.ts'
import {
  isCrossOriginFetch,
  isCrossSite,
  isForeignUpgrade,
  isNavigation,
  isRetrieval,
} from '../core/navigation.ts'
import type { CanonicalPath } from '../core/request-path.ts'
import type { Rule } from '../core/rule.ts'
import type { Match, RuleTable } from '../core/rules.ts'
import type { Answers } from './answer.ts'
import type { Caller, FindCaller } from './caller.ts'
import type { Deny } from './denial.ts'
import { neverServed, type Preflight } from './preflight.ts'
import type { RefuseToken } from './refuse-token.ts'
import type { Sites } from './site.ts'
import { targetOf, type Visit } from './visit.ts'

type GuardOptions = Readonly<{
  rules: RuleTable
  sites: Sites
  prefix: string
  findCaller: FindCaller
  answers: Answers
  deny: Deny
  refuseToken: RefuseToken
  preflight: Preflight
  /** Epoch seconds. */
  clock: () => number
}>

const neverServedMatch: Match = Object.freeze({ kind: 'wrong-method', allow: [] })

/**
 * Builds the hook that every request for an upstream passes, WebSocket handshakes included.
 * It decides by the rule table and either lets the request go on or has it answered.
 */
export function createGuard(options: GuardOptions): onRequestHookHandler {
  const { rules, sites, prefix, findCaller, answers, deny, refuseToken, preflight, clock } = options

  return function guard(request, reply, done) {
    const target = targetOf(request)
    if (isBelow(target.path, prefix)) {
      answers.notFound(request, reply, 'own-endpoint-unknown')
      return
    }
    if (preflight(request, reply)) return
    const { rules: found, refusal } = judgePath(target, (path) => matchOf(request, path))
    const [written] = found
    if (written !== undefined) {
      request.visit.rule = written
      if (written.cors !== undefined) request.visit.cors = corsOf(request, written.cors, found, refusal)
    }
    request.visit.isProtected = !found.every(isPublic)
    if (refusal !== undefined) {
      answerRefusal(request, reply, refusal)
      return
    }
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

  function matchOf({ method, visit }: FastifyRequest, path: CanonicalPath): Match {
    return neverServed.has(method) ? neverServedMatch : rules.match(visit.origin.host as string, path, method)
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

  function answerRefusal(request: FastifyRequest, reply: FastifyReply, refusal: PathRefusal): void {
    if (refusal.kind === 'no-rule') answers.notFound(request, reply, 'no-rule')
    else if (refusal.kind === 'wrong-method') answers.wrongMethod(request, reply, refusal.allow)
    else answers.badRequest(request, reply, 'target-needs-opt-in')
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
    else if (caller.fault !== undefined) {
      visit.decision = 'challenge'
      refuseToken.fault(request, reply, caller.fault)
    } else if (caller.isMalformed) refuseToken.malformed(request, reply)
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
    // The first denial wins, and its rule is the one that is told about; without one the path as written decides.
    const denied = decisions.findIndex(({ kind }) => kind !== 'forward')
    const decision = decisions[Math.max(denied, 0)] as Decision
    visit.decision = decision.kind
    visit.reason = caller.reason ?? decision.reason
    if (decision.kind === 'forward') done()
    else {
      visit.rule = found[denied] as Rule
      deny(request, reply, decision)
    }
  }

  function factsOf({ method, headers, visit }: FastifyRequest, rule: Rule, { bearer }: Caller): RequestFacts {
    const isAllowed = (origin: string) => sites.isOwnOrigin(origin) || maySend(rule, origin, method)
    // A script that may read the answer is told so; the redirect to a login it could not follow.
    const isFetched = visit.isUpgrade || (visit.cors !== undefined && isCrossOriginFetch(headers))
    return {
      isSafe: !isFetched && isRetrieval(method),
      // Asked only where a login may follow: reading Accept is dear.
      isNavigation:
        bearer === undefined && !isFetched && mayNavigate(rule, visit) && isNavigation(method, headers),
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
function maySend({ allowedOrigins, cors }: Rule, origin: string, method: string): boolean {
  return allowedOrigins.includes(origin) || (cors !== undefined && maySendSession(cors, origin, method))
}

function isPublic({ access }: Rule): boolean {
  return access === 'public'
}

function isBelow(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f)
}
