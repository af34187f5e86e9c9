import type { FastifyReply, FastifyRequest } from 'fastify'
import { checkSource } from '../checks.ts'
import type { Config } from '../config/schema.ts'
import { bearerAudiences } from '../config/schema-bearer.ts'
import type { PathJudgement } from '../core/judge-path.ts'
import { type OwnEndpoint, ownEndpoint } from '../endpoints/own-endpoints.ts'
import { createAnswers } from '../gate/answer.ts'
import { createChallenges } from '../gate/challenge.ts'
import { createDeny } from '../gate/denial.ts'
import { createFront } from '../gate/front.ts'
import { createGuard } from '../gate/guard.ts'
import type { Judge } from '../gate/judge.ts'
import { createTellLoginProblem } from '../gate/login-problem.ts'
import { createOriginOf } from '../gate/origin.ts'
import { createJudgePreflight, createPreflight } from '../gate/preflight.ts'
import { createRefuseToken } from '../gate/refuse-token.ts'
import { type CookieKit, createSites, type Sites } from '../gate/site.ts'
import { isBelow, targetOf } from '../gate/visit.ts'
import { upgradeOf } from '../listener/arrival.ts'
import { createTurns } from '../listener/turns.ts'
import { createTrust } from '../proxy/forwarded.ts'
import { isWebSocket } from '../proxy/web-socket.ts'
import { createLoopGuard } from '../session/loop-guard.ts'
import { sessionCookie } from '../session-cookies.ts'
import { type CheckHandler, checkHandler } from './check.ts'
import { checkOf } from './check-request.ts'
import type { Credentials } from './credentials.ts'
import { directJudge, freshSessions, type GateParts, tokenJudge } from './judging.ts'
import { type Answer, createRecorder } from './recorder.ts'
import { type AskedRequest, arrivalOf, replyOf } from './request.ts'

/** How a request gets through the gate: to an upstream, to an endpoint of ours, or back with an answer. */
export type End =
  | Readonly<{ kind: 'forward' }>
  | Readonly<{ kind: 'own-endpoint'; endpoint: OwnEndpoint }>
  /** Another proxy is told that the request may pass, and with which headers. */
  | Readonly<{ kind: 'permit'; status: number; headers: Readonly<Record<string, string>> }>
  | (Readonly<{ kind: 'answer' }> & Answer)

/** A request that went through the gate. */
export type Course = Readonly<{
  /** With what the gate found out in `visit`. */
  request: FastifyRequest
  /** The rules it was judged by; absent where it never came to that. */
  judgement: PathJudgement | undefined
  sites: Sites
  end: End
}>

/** What an ID would be. */
const requestIdName = '<request id>'

/** Where the browser is sent for a login; the address itself is the provider's matter. */
const signInAddress = '<sign-in at the provider>'

/**
 * Sends a request through the gate of a configuration, made of the very parts that serve; only its answers go nowhere.
 * `isCheck` is the same request as another proxy asks about it.
 */
export function passGate(
  parts: GateParts,
  asked: AskedRequest,
  credentials: Credentials,
  isCheck: boolean,
): Promise<Course> {
  return new Promise((resolve) => {
    const { config } = parts
    const gate = createGate(parts, credentials, isCheck, end)
    const path = `${config.server.prefix}/auth`
    const { scheme } = gate.sites.primary
    const source = checkSource(config.forward_auth?.preset ?? 'nginx')
    const request = arrivalOf(isCheck ? checkOf(asked, { source, path, scheme }) : asked)
    const reply = replyOf((status, headers) => end({ kind: 'permit', status, headers }))
    if (isWebSocket(request.raw)) upgradeOf.set(request.raw, Buffer.alloc(0))
    gate.front(request, reply, () => {
      const endpoint = ownEndpoint(targetOf(request).path, featuresOf(config))
      if (isCheck) (gate.check as CheckHandler)(request, reply)
      else if (endpoint !== undefined) end({ kind: 'own-endpoint', endpoint })
      else gate.guard(request, reply, () => end({ kind: 'forward' }))
    })

    function end(reached: End): void {
      for (const stream of [reply.raw, request.raw.socket]) stream.emit('close')
      const judgement = judgementOf(request, gate.judge)
      resolve({ request, judgement, sites: gate.sites, end: reached })
    }
  })
}

/** What the judge found, found once more: the visit only keeps the rule that decided. */
function judgementOf({ headers, visit }: FastifyRequest, judge: Judge): PathJudgement | undefined {
  if (visit.isProtected === undefined) return undefined
  return judge.findRules({ headers, visit: { ...visit } } as FastifyRequest)
}

type Step = (request: FastifyRequest, reply: FastifyReply, done: () => void) => void

type Gate = Readonly<{
  front: Step
  guard: Step
  /** Absent where no proxy asks. */
  check: CheckHandler | undefined
  judge: Judge
  sites: Sites
}>

function createGate(
  parts: GateParts,
  credentials: Credentials,
  isCheck: boolean,
  end: (reached: End) => void,
): Gate {
  const { config, rules, clock } = parts
  const { forward_auth: section } = config
  const { prefix } = config.server
  const sites = sitesOf(config, credentials)
  const defaultScheme = sites.primary.scheme
  const respond = createRecorder(prefix, (answer) => end({ kind: 'answer', ...answer }))
  const { same_site: sameSite, domain } = config.session.cookie
  const loginProblem = createTellLoginProblem({ respond, sameSite, domain, log: ignore })
  const answers = createAnswers({ respond, sites, loginProblem, logError: ignore })
  const audiences = config.bearer === undefined ? [] : bearerAudiences(config.bearer)
  const challenges = createChallenges({ sites, prefix, defaultScheme, audiences })
  const refuseToken = createRefuseToken(respond, challenges)
  const beginLogin = async () => ({ location: signInAddress, cookies: [] })
  const deny = createDeny({ respond, sites, prefix, challenges, refuseToken, beginLogin, loginProblem })
  const judgePreflight = createJudgePreflight(rules)
  const preflight = createPreflight(judgePreflight, respond)
  const judge = directJudge(parts, credentials, sites)
  const originOf = createOriginOf(createTrust(config.server.trusted_proxies), defaultScheme)
  const front = createFront({
    sites,
    answers,
    ruleKnowsHost: rules.knowsHost,
    isCheck: (path) => section !== undefined && isBelow(path, `${prefix}/auth`),
    // Whether the proxy that really asks is a trusted one cannot be known here.
    originOf: isCheck ? (raw) => ({ ...originOf(raw), isProxied: true }) : originOf,
    createRequestId: () => requestIdName,
    turns: createTurns(),
    onBegin: ignore,
    onDrop: ignore,
    onEnd: ignore,
    elapsed: () => 0,
    shed: () => undefined,
  })
  const guard = createGuard({ judge, prefix, answers, deny, refuseToken, preflight })
  const check =
    section &&
    checkHandler(section, {
      ...{
        sites,
        prefix,
        defaultScheme,
        rules,
        clock,
        respond,
        challenges,
        refuseToken,
        deny,
        judgePreflight,
      },
      sessions: freshSessions(parts),
      tokens: { identify: tokenJudge(config, credentials) },
      logger: { warn: ignore },
      logError: ignore,
    })
  return { front: stepOf(front), guard: stepOf(guard), check, judge, sites }
}

function sitesOf(config: Config, credentials: Credentials): Sites {
  const { server, session, redirect } = config
  return createSites({
    publicUrls: server.public_url,
    prefix: server.prefix,
    cookieDomain: session.cookie.domain,
    allowedHosts: redirect.allowed_hosts,
    cookiesFor: (scheme) => kitFor(config, credentials, scheme),
  })
}

/** There is no log. */
function ignore(): void {}

/** Of the cookies of logins nothing is asked here. */
function kitFor({ session }: Config, { sessions }: Credentials, scheme: 'http' | 'https'): CookieKit {
  const kit: Omit<CookieKit, 'logins'> = {
    sessions: sessions(scheme),
    loops: createLoopGuard(sessionCookie(session, scheme)),
  }
  return kit as CookieKit
}

function featuresOf({ server, provider, forward_auth, bearer }: Config): Parameters<typeof ownEndpoint>[1] {
  return {
    prefix: server.prefix,
    hasProvider: provider !== undefined,
    hasCheck: forward_auth !== undefined,
    hasBearer: bearer !== undefined,
  }
}

/** Hooks of the gate use neither `this` nor the error that they may pass on. */
function stepOf(hook: (...given: never[]) => unknown): Step {
  return hook as unknown as Step
}
