import { performance } from 'node:perf_hooks'
import { setImmediate as letRequestsIn } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { registerChecks } from './checks.ts'
import { connectionLimitOf, exchangeLimits, loginCounter, serverLimitsOf } from './client-limits.ts'
import type { Config } from './config/schema.ts'
import { knownWishes } from './core/authorization-wish.ts'
import { createCount } from './core/count.ts'
import { compileRules } from './core/rules.ts'
import { sessionEndsAt } from './core/session.ts'
import { registerResourceMetadata } from './endpoints/resource-metadata.ts'
import { createForwardFacts, identityNamesOf } from './forward-facts.ts'
import { createForwarding } from './forwarding.ts'
import { createAnswers } from './gate/answer.ts'
import { createBeginLogin } from './gate/begin-login.ts'
import { createFindCaller } from './gate/caller.ts'
import { createChallenges } from './gate/challenge.ts'
import { createDeny } from './gate/denial.ts'
import { createFront } from './gate/front.ts'
import { createGuard } from './gate/guard.ts'
import { createIdentify } from './gate/identity.ts'
import { createJudge } from './gate/judge.ts'
import { createTellLoginProblem } from './gate/login-problem.ts'
import { createOriginOf } from './gate/origin.ts'
import { createJudgePreflight, createPreflight } from './gate/preflight.ts'
import { createRefuseToken } from './gate/refuse-token.ts'
import { createRespond } from './gate/respond.ts'
import { createRouter } from './gate/router.ts'
import { createShed } from './gate/shed.ts'
import { createSites } from './gate/site.ts'
import { createUnreadable } from './gate/unreadable.ts'
import { isBelow } from './gate/visit.ts'
import type { Lasting } from './lasting.ts'
import type { ConnectionLimit } from './listener/connection-limit.ts'
import type { Service } from './listener/listener.ts'
import type { ObservingSurroundings } from './observing.ts'
import { createTrust } from './proxy/forwarded.ts'
import type { SessionLink } from './session/session-link.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { type SharedParts, shareParts } from './shared-parts.ts'
import { registerSignIn } from './sign-in.ts'
import { factsOf, spanFactsOf } from './visit-facts.ts'

type Check = Readonly<{ ok: boolean; reason?: string }>

/** What is known of everybody else this depends on, and whether requests should come here. */
export type GatewayReadiness = Readonly<{ ready: boolean; checks: Readonly<Record<string, Check>> }>

type GatewayOptions = ObservingSurroundings &
  Readonly<{
    /** Epoch seconds. */
    clock: () => number
    sleep: (ms: number) => Promise<unknown>
    lasting: Lasting
    /** Why there is too much to do, if there is. */
    overload: () => string | undefined
    /** Where another process knows about the sessions of all. */
    link?: SessionLink | undefined
    /** The one whose place it takes: what is configured as there is shared with it. */
    previous?: Gateway | undefined
  }>

/** Everything that is made of one configuration. Several are alive while older ones finish their requests. */
export type Gateway = SharedParts &
  Readonly<{
    config: Config
    router: FastifyInstance
    service: Service
    /** How many connections a client may have. */
    connectionLimit: ConnectionLimit
    readiness: () => GatewayReadiness
    /** Begins what goes on in the background: discovery. */
    start: () => void
    /** Resolves when people can sign in; rejects when the provider does not answer as it should. */
    signInReady: () => Promise<void>
    /** Resolves when the last request is over and everything is closed that no other gateway uses. No more requests may come. */
    retire: () => Promise<void>
    sessions: Sessions
  }>

/**
 * Joins the parts; nothing is served and nobody asked yet. Requests to the gateway before it have their turn between the larger
 * steps (measured: 100 rules take 18 ms in one go, and no step more than 10).
 */
export async function buildGateway(config: Config, options: GatewayOptions): Promise<Gateway> {
  const { logger, clock, sleep, lasting, link } = options
  const { live, createRequestId } = lasting
  const trust = createTrust(config.server.trusted_proxies)
  const { prefix, public_url: publicUrls } = config.server

  const { parts, start, release } = await shareParts(config, options)
  const { upstreams, tracing } = parts
  const { observer } = parts.observing
  const provider = parts.provider.part
  const tokens = parts.tokens.part
  const sessions = await createSessions(config, { ...lasting, link, clock, sleep, provider, observer })
  await letRequestsIn()
  const { cookieLines, limits } = sessions
  const sites = createSites({
    publicUrls,
    prefix,
    cookieDomain: config.session.cookie.domain,
    allowedHosts: config.redirect.allowed_hosts,
    cookiesFor: sessions.cookiesFor,
  })
  const defaultScheme = sites.primary.scheme
  const rules = compileRules(config.routes)
  await letRequestsIn()
  const underWay = createCount()
  let retired: Promise<void> | undefined

  const identify = createIdentify({ ...sessions, clock })
  const respond = createRespond(prefix, cookieLines)
  const logError = (err: unknown, requestId: string) => logger.warn({ err, request_id: requestId })
  const loginProblem = createTellLoginProblem({
    respond,
    sameSite: config.session.cookie.same_site,
    domain: config.session.cookie.domain,
    log: logError,
  })
  const wishes = knownWishes(config.routes)
  const beginLogin = createBeginLogin({
    provider,
    clock,
    wishes,
    countLogin: loginCounter(config.server, lasting.countLogin, trust.isTrusted, observer.shed),
  })
  const answers = createAnswers({ respond, sites, loginProblem, logError })
  const challenges = createChallenges({ sites, prefix, defaultScheme, audiences: tokens.audiences })
  const refuseToken = createRefuseToken(respond, challenges)
  const deny = createDeny({ respond, sites, prefix, challenges, refuseToken, beginLogin, loginProblem })

  const front = createFront({
    sites,
    answers,
    ruleKnowsHost: rules.knowsHost,
    isCheck: (path) => config.forward_auth !== undefined && isBelow(path, `${prefix}/auth`),
    originOf: createOriginOf(trust, defaultScheme),
    createRequestId,
    beginSpan: tracing?.part.begin,
    turns: lasting.turns,
    onBegin: underWay.begin,
    onDrop: underWay.end,
    onEnd: (request, reply) => {
      const facts = factsOf(request, reply)
      observer.requestEnded(facts)
      const { span } = request.visit
      if (span !== undefined) span.end(spanFactsOf(request, facts, defaultScheme))
      underWay.end(request.visit)
    },
    elapsed: () => performance.now(),
    shed: createShed(prefix, options.overload, observer.shed),
  })
  const findCaller = createFindCaller({
    identify,
    identifyBearer: tokens.identify,
    needsToken: ({ upstream }) => upstream !== undefined && upstreams.get(upstream).token !== 'none',
  })
  const judgePreflight = createJudgePreflight(rules)
  const guard = createGuard({
    judge: createJudge({ rules, sites, findCaller, clock }),
    prefix,
    answers,
    deny,
    refuseToken,
    preflight: createPreflight(judgePreflight, respond),
  })
  const forwardRequest = createForwarding({
    upstreams,
    factsOf: createForwardFacts({
      identityNames: identityNamesOf(config),
      defaultScheme,
      ownsCookie: sessions.ownsCookie,
    }),
    live,
    limitsOf: exchangeLimits(config.server),
    cookieLines,
    endsAt: (session) => sessionEndsAt(session, limits),
    onFailure: answers.upstreamFailed,
    onCut: logError,
    onAnswer: observer.upstreamAnswered,
  })

  const app = createRouter((request, reply) => refuse(request, reply, 'target-not-canonical'))
  app.decorateRequest('visit')
  app.addHook('onRequest', front)
  app.setErrorHandler((error: Error & { code?: string }, request, reply) => {
    // The router knows every method of HTTP; Node's parser lets those of RTSP through as well, when the version says so.
    if (error.code === 'FST_ERR_NOT_FOUND') refuse(request, reply, 'method-unknown')
    else answers.internal(request, reply, error)
  })
  if (config.provider !== undefined) {
    registerSignIn(app, {
      ...{ config, sites, sessions, provider, trust, clock, beginLogin, wishes },
      ...{ answers, respond, loginProblem, identify },
    })
  }
  if (config.forward_auth !== undefined) {
    registerChecks(app, config.forward_auth, {
      ...{ sessions, tokens, rules, sites, prefix, defaultScheme, clock, logger, logError },
      ...{ respond, challenges, refuseToken, deny, judgePreflight },
    })
  }
  if (config.bearer !== undefined) {
    registerResourceMetadata(app, { rules, servers: tokens.servers, defaultScheme, respond, answers })
  }
  // In a scope of its own: the guard stands before upstreams, never before our own endpoints.
  app.register((guarded, _options, done) => {
    guarded.addHook('onRequest', guard)
    guarded.all('/*', forwardRequest)
    done()
  })

  await letRequestsIn()
  await app.ready()
  return {
    config,
    router: app,
    service: {
      handle: app.routing,
      unreadable: createUnreadable(prefix, createRequestId, observer.unreadable),
      limits: serverLimitsOf(config.server),
      tls: config.server.tls,
    },
    connectionLimit: connectionLimitOf(config.server, trust.isTrusted),
    readiness,
    start,
    signInReady: provider.ready,
    retire: () => (retired ??= retire()),
    ...parts,
    sessions,
  }

  /** Answers what no route is made for, and so has not passed the front yet. */
  function refuse(request: FastifyRequest, reply: FastifyReply, reason: string): void {
    front.call(app, request, reply, () => answers.badRequest(request, reply, reason))
  }

  /** Somebody else's server that does not answer is told, but where people sign in it keeps nobody out. */
  function readiness(): GatewayReadiness {
    const checks: Record<string, Check> = { ...tokens.readiness() }
    if (config.provider === undefined) {
      return { ready: Object.values(checks).some(({ ok }) => ok), checks }
    }
    const state = provider.readiness()
    checks['provider'] = state.ready ? { ok: true } : { ok: false, reason: state.reason }
    return { ready: state.ready, checks }
  }

  async function retire(): Promise<void> {
    await underWay.settled()
    await Promise.all([app.close(), release()])
  }
}
