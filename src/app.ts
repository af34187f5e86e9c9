import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { createAdmin } from './admin/health.ts'
import { registerChecks } from './checks.ts'
import {
  connectionLimitOf,
  exchangeLimits,
  loadLimitsOf,
  loginCounter,
  serverLimitsOf,
} from './client-limits.ts'
import { renderProblem } from './config/problem.ts'
import type { Config } from './config/schema.ts'
import { knownWishes } from './core/authorization-wish.ts'
import { compileRules } from './core/rules.ts'
import { sessionEndsAt } from './core/session.ts'
import { createCallback } from './endpoints/callback.ts'
import { type EndpointTable, registerEndpoints } from './endpoints/endpoints.ts'
import { createLogin } from './endpoints/login.ts'
import { createLogout } from './endpoints/logout.ts'
import { createRenew } from './endpoints/renew.ts'
import { registerResourceMetadata } from './endpoints/resource-metadata.ts'
import { createReturnTo } from './endpoints/return-to.ts'
import { createSessionEndpoint } from './endpoints/session.ts'
import { createUserinfo } from './endpoints/userinfo.ts'
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
import { createLoginLimit } from './gate/login-limit.ts'
import { createTellLoginProblem } from './gate/login-problem.ts'
import { createOriginOf } from './gate/origin.ts'
import { createJudgePreflight, createPreflight } from './gate/preflight.ts'
import { createPublicServer } from './gate/public-server.ts'
import { createRefuseToken } from './gate/refuse-token.ts'
import { refuseConnections } from './gate/refused-connections.ts'
import { createRequestIds } from './gate/request-id.ts'
import { createRespond } from './gate/respond.ts'
import { createShed } from './gate/shed.ts'
import { createSites } from './gate/site.ts'
import { createRefuseUnreadable } from './gate/unreadable.ts'
import { isBelow } from './gate/visit.ts'
import { createGauge, type Gauge } from './overload/gauge.ts'
import type { OverloadReason } from './overload/load.ts'
import { createOverload } from './overload/monitor.ts'
import { createNoProvider } from './provider/no-provider.ts'
import { createProvider } from './provider/provider.ts'
import { createTrust } from './proxy/forwarded.ts'
import { isWebSocket, upgradeResponse } from './proxy/upgrade.ts'
import { createUpstreams } from './proxy/upstreams.ts'
import { createSessions } from './sessions.ts'
import { createTokens } from './tokens.ts'
import { createVisitLog } from './visit-log.ts'

type Check = Readonly<{ ok: boolean; reason?: string }>

/** What an app takes from its surroundings; tests bring their own. */
export type Surroundings = Readonly<{
  logger: Logger
  /** Epoch seconds. */
  clock?: () => number
  /** Waits for so many milliseconds. */
  sleep?: (ms: number) => Promise<unknown>
  /** Measures how much this process has to do. */
  gauge?: Gauge
}>

/** The gateway, ready to listen. */
export type App = Readonly<{
  /** The listener that browsers reach. */
  public: FastifyInstance
  /** Health and readiness. */
  admin: FastifyInstance
  /** Ends streams whose session is over; called every second while listening. */
  sweep: () => void
  /** Opens both listeners and begins discovery; gives the addresses. */
  listen: () => Promise<{ publicAddress: string; adminAddress: string }>
  /** Ends open streams, lets the requests under way finish, and closes everything. */
  close: () => Promise<void>
}>

/** Waiting never keeps the process alive. */
const unrefDelay = (ms: number) => delay(ms, undefined, { ref: false })

const sweepEveryMs = 1_000

/** How long requests under way may take to finish when the gateway stops. */
const closeWithinMs = 10_000

/** A connection whose last request is finished meanwhile is closed within this time. */
const closeIdleEveryMs = 50

/** Joins the parts; listens to nothing yet. */
export async function buildApp(config: Config, surroundings: Surroundings): Promise<App> {
  const { logger, clock = () => Math.floor(Date.now() / 1000), sleep = unrefDelay } = surroundings
  const { prefix, public_url: publicUrls } = config.server

  const provider =
    config.provider === undefined
      ? createNoProvider()
      : createProvider({ config: config.provider, clock, log: logger })
  const tokens = createTokens(config, { clock, logger })
  const sessions = await createSessions(config, { clock, sleep, provider, logger })
  const { sessionOf, cookieLines, limits, live } = sessions
  const sites = createSites({
    publicUrls,
    prefix,
    cookieDomain: config.session.cookie.domain,
    allowedHosts: config.redirect.allowed_hosts,
    cookiesFor: sessions.cookiesFor,
  })
  const defaultScheme = sites.primary.scheme
  const rules = compileRules(config.routes)
  const upstreams = createUpstreams(config.upstreams)
  const createRequestId = createRequestIds()

  const identify = createIdentify({ ...sessions, clock })
  const respond = createRespond(prefix, cookieLines)
  const logError = (err: unknown, requestId: string) => logger.warn({ err, request_id: requestId })
  const loginProblem = createTellLoginProblem({
    respond,
    sameSite: config.session.cookie.same_site,
    domain: config.session.cookie.domain,
    log: logError,
  })
  const trust = createTrust(config.server.trusted_proxies)
  const countLogin = loginCounter(config.server, createLoginLimit(clock), trust.isTrusted)
  const wishes = knownWishes(config.routes)
  const beginLogin = createBeginLogin({ provider, clock, wishes, countLogin })
  const answers = createAnswers({ respond, sites, loginProblem, logError })
  const challenges = createChallenges({ sites, prefix, defaultScheme, audiences: tokens.audiences })
  const refuseToken = createRefuseToken(respond, challenges)
  const deny = createDeny({ respond, sites, prefix, challenges, refuseToken, beginLogin, loginProblem })

  const overload = createOverload(surroundings.gauge ?? createGauge(config.server.workers), tellOverload)
  const front = createFront({
    sites,
    answers,
    ruleKnowsHost: rules.knowsHost,
    isCheck: (path) => config.forward_auth !== undefined && isBelow(path, `${prefix}/auth`),
    originOf: createOriginOf(trust, defaultScheme),
    createRequestId,
    onEnd: createVisitLog(logger),
    elapsed: () => performance.now(),
    shed: createShed(prefix, overload.reason),
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
  })

  const app = createPublicServer({
    limits: serverLimitsOf(config.server),
    isWebSocket,
    upgradeResponse,
    onUnreadable: createRefuseUnreadable(prefix, createRequestId),
    onUnroutable: (request, reply) => refuse(request, reply, 'target-not-canonical'),
  })
  app.decorateRequest('visit')
  app.addHook('onRequest', front)
  app.setErrorHandler((error: Error & { code?: string }, request, reply) => {
    // The router knows every method of HTTP; Node's parser lets those of RTSP through as well, when the version says so.
    if (error.code === 'FST_ERR_NOT_FOUND') refuse(request, reply, 'method-unknown')
    else answers.internal(request, reply, error)
  })
  if (config.provider !== undefined) registerEndpoints(app, prefix, answers, sessionEndpoints())
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

  const refused = refuseConnections(app.server, {
    limitOf: () => connectionLimitOf(config.server, trust.isTrusted),
    logger,
    clock,
  })
  const admin = createAdmin({ readiness })
  let timer: NodeJS.Timeout | undefined
  return { public: app, admin, sweep, listen, close }

  /** Answers what no route is made for, and so has not passed the front yet. */
  function refuse(request: FastifyRequest, reply: FastifyReply, reason: string): void {
    front.call(app, request, reply, () => answers.badRequest(request, reply, reason))
  }

  function sessionEndpoints(): EndpointTable {
    const returnTo = createReturnTo({ sites, prefix, isTrusted: trust.isTrusted })
    const login = createLogin({
      sites,
      beginLogin,
      respond,
      loginProblem,
      sessionOf,
      returnTo,
      wishes,
      isAskedByProxy: config.forward_auth !== undefined,
    })
    const { sightings: _, ...unsighted } = sessions
    const renew = createRenew({
      sites,
      // What the browser holds counts here, not what this process knows beside it.
      identify: createIdentify({ ...unsighted, clock }),
      respond,
      returnTo,
    })
    return {
      start: { GET: login },
      sign_in: { GET: login },
      ...(config.forward_auth !== undefined && { renew: { GET: renew } }),
      callback: {
        GET: createCallback({
          sites,
          beginLogin,
          respond,
          loginProblem,
          usedStates: sessions.usedStates,
          sessionOf,
          exchange: provider.exchange,
          endSession: sessions.end,
          createSessionId: () => randomBytes(16).toString('base64url'),
          clock,
        }),
      },
      userinfo: { GET: createUserinfo({ sites, prefix, identify, respond }) },
      session: {
        GET: createSessionEndpoint({ sites, prefix, respond, sessionOf, secondsLeft: sessions.secondsLeft }),
      },
      ...createLogout({
        sites,
        prefix,
        respond,
        sessionOf,
        endSession: sessions.end,
        endSessionUrl: provider.endSessionUrl,
        seal: sessions.sealReturn,
        open: sessions.openReturn,
      }),
    }
  }

  /** Somebody else's server that does not answer is told, but where people sign in it keeps nobody out. */
  function readiness() {
    const excess = overload.reason()
    const checks: Record<string, Check> = {
      ...tokens.readiness(),
      // Told, and no more: an instance taken out for it would leave its load to the others.
      ...(excess !== undefined && { overload: { ok: false, reason: excess } }),
    }
    if (config.provider === undefined) {
      return { ready: Object.values(checks).some(({ ok }) => ok), checks }
    }
    const state = provider.readiness()
    checks['provider'] = state.ready ? { ok: true } : { ok: false, reason: state.reason }
    return { ready: state.ready, checks }
  }

  function sweep(): void {
    live.sweep(clock())
    overload.look(loadLimitsOf(config.server))
    refused.tell()
  }

  function tellOverload(reason: OverloadReason | undefined): void {
    if (reason === undefined) logger.info('no longer overloaded: requests are served again')
    else logger.warn({ reason }, 'overloaded: new requests are answered with 503')
  }

  async function listen() {
    for (const warning of config.warnings) logger.warn(renderProblem(warning))
    provider.start()
    tokens.start()
    const adminAddress = await admin.listen({ ...config.admin.listen })
    const publicAddress = await app.listen({ ...config.server.listen })
    timer = setInterval(sweep, sweepEveryMs).unref()
    return { publicAddress, adminAddress }
  }

  async function close(): Promise<void> {
    clearInterval(timer)
    overload.stop()
    live.closeAll()
    const idle = setInterval(() => app.server.closeIdleConnections(), closeIdleEveryMs).unref()
    void sleep(closeWithinMs).then(() => app.server.closeAllConnections())
    await app.close()
    clearInterval(idle)
    await Promise.all([admin.close(), upstreams.close(), provider.close(), tokens.close()])
  }
}
