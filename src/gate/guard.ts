import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { type Decision, decide } from '../core/decision.ts'
import { judgePath, type PathRefusal } from '../core/judge-path.ts'
import { isCrossSite, isForeignUpgrade, isNavigation, isRetrieval } from '../core/navigation.ts'
import type { CanonicalPath } from '../core/request-path.ts'
import type { Rule } from '../core/rule.ts'
import type { Match, RuleTable } from '../core/rules.ts'
import type { Session } from '../core/session.ts'
import type { Answers } from './answer.ts'
import type { Identify, Identity } from './identity.ts'
import type { Sites } from './site.ts'
import { targetOf } from './visit.ts'

type GuardOptions = Readonly<{
  rules: RuleTable
  sites: Sites
  prefix: string
  identify: Identify
  answers: Answers
  /** Tells whether the upstream of a rule is sent a token, so that a session without a usable one will not do. */
  needsToken: (rule: Rule) => boolean
}>

/** Methods that no rule can admit: one echoes credentials, the other asks for a tunnel (RFC 9110 section 9.3). */
const neverServed: ReadonlySet<string> = new Set(['TRACE', 'CONNECT'])
const nobody: Identity = Object.freeze({})
const neverServedMatch: Match = Object.freeze({ kind: 'wrong-method', allow: [] })

/**
 * Builds the hook that every request for an upstream passes, WebSocket handshakes included.
 * It decides by the rule table and either lets the request go on or has it answered.
 */
export function createGuard(options: GuardOptions): onRequestHookHandler {
  const { rules, sites, prefix, identify, answers, needsToken } = options

  return function guard(request, reply, done) {
    const target = targetOf(request)
    if (isBelow(target.path, prefix)) {
      answers.notFound(request, reply, 'own-endpoint-unknown')
      return
    }
    const { rules: found, refusal } = judgePath(target, (path) => matchOf(request, path))
    if (found.length > 0) request.visit.rule = found[0] as Rule
    request.visit.isProtected = !found.every(isPublic)
    if (refusal !== undefined) {
      answerRefusal(request, reply, refusal)
      return
    }
    const identity = identityOf(request, found)
    if (!(identity instanceof Promise)) {
      settle(request, reply, found, identity, done)
      return
    }
    // Whatever throws on the way, answering included, ends in an answer: nobody else would catch it.
    identity
      .then((settled) => settle(request, reply, found, settled, done))
      .catch((error) => answers.internal(request, reply, error))
  }

  function matchOf({ method, visit }: FastifyRequest, path: CanonicalPath): Match {
    return neverServed.has(method) ? neverServedMatch : rules.match(visit.origin.host as string, path, method)
  }

  function answerRefusal(request: FastifyRequest, reply: FastifyReply, refusal: PathRefusal): void {
    if (refusal.kind === 'no-rule') answers.notFound(request, reply, 'no-rule')
    else if (refusal.kind === 'wrong-method') answers.wrongMethod(request, reply, refusal.allow)
    else answers.badRequest(request, reply, 'target-needs-opt-in')
  }

  /** Public rules never look at a session: there is nothing to protect, and nothing to hand on. */
  function identityOf(
    { visit, headers }: FastifyRequest,
    found: readonly Rule[],
  ): Identity | Promise<Identity> {
    const { site } = visit
    if (site === undefined || found.every(isPublic)) return nobody
    return identify(site.cookies.sessions, headers.cookie, found.some(needsToken))
  }

  function settle(
    request: FastifyRequest,
    reply: FastifyReply,
    found: readonly Rule[],
    { session, cookies, failure, reason }: Identity,
    done: () => void,
  ): void {
    const { visit } = request
    if (cookies !== undefined) visit.cookies = cookies
    if (session !== undefined) visit.session = session
    if (failure !== undefined) {
      answers.unavailable(request, reply, failure)
      return
    }
    const decisions = found.map((rule) => decide(rule, session, factsOf(request, rule, session)))
    // The first denial wins; without one the decision for the path as written stands.
    const decision = decisions.find(({ kind }) => kind !== 'forward') ?? (decisions[0] as Decision)
    visit.decision = decision.kind
    visit.reason = session === undefined ? (reason ?? decision.reason) : decision.reason
    if (decision.kind === 'forward') done()
    else answers.decision(request, reply, decision)
  }

  function factsOf(
    { method, headers, visit }: FastifyRequest,
    { allowedOrigins }: Rule,
    session: Session | undefined,
  ) {
    const isAllowed = (origin: string) => sites.isOwnOrigin(origin) || allowedOrigins.includes(origin)
    return {
      isSafe: !visit.isUpgrade && isRetrieval(method),
      // Asked only where there is nobody to let pass: reading Accept is dear.
      isNavigation: session === undefined && !visit.isUpgrade && isNavigation(method, headers),
      isCrossSite: visit.isUpgrade
        ? isForeignUpgrade(headers, isAllowed)
        : isCrossSite(method, headers, isAllowed),
    }
  }
}

function isPublic({ access }: Rule): boolean {
  return access === 'public'
}

function isBelow(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f)
}
