import type { Line } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import { isNavigation } from '../core/navigation.ts'
import { readTarget } from '../core/request-path.ts'
import { compileRules, type RuleTable } from '../core/rules.ts'
import { createForwardFacts, type ForwardFactsOf, identityNamesOf } from '../forward-facts.ts'
import { createCookieOwner } from '../session/cookie-name.ts'
import { createLoopGuard } from '../session/loop-guard.ts'
import { sessionCookie } from '../session-cookies.ts'
import type { Credentials } from './credentials.ts'
import type {
  CallerExplanation,
  DecisionExplanation,
  DecisionKind,
  Explanation,
  HostExplanation,
  PathExplanation,
} from './explanation.ts'
import { type Course, passGate } from './gate.ts'
import type { AskedRequest } from './request.ts'
import { rulesExplained } from './rules.ts'
import { sentUpstream, shownHeader } from './sent.ts'

/** A configuration, and where its routes are written. */
export type Explained = Readonly<{
  config: Config
  routes: readonly Line[]
  /** Epoch seconds. */
  clock: () => number
}>

/** Says what would become of a request; `isCheck` is that of another proxy, which needs a `forward_auth` section. */
export type Explain = (
  asked: AskedRequest,
  credentials: Credentials,
  isCheck?: boolean,
) => Promise<Explanation>

type Parts = Explained & Readonly<{ rules: RuleTable; factsOf: ForwardFactsOf }>

/** Builds what explains the requests of one configuration; nothing is sent, and nobody is asked. */
export function createExplain(explained: Explained): Explain {
  const { config } = explained
  const cookie = sessionCookie(config.session, 'https')
  const ownsSession = createCookieOwner(cookie.name)
  const { owns: ownsCount } = createLoopGuard(cookie)
  const factsOf = createForwardFacts({
    identityNames: identityNamesOf(config),
    defaultScheme: defaultScheme(config),
    ownsCookie: (name) => ownsSession(name) || ownsCount(name),
  })
  const parts: Parts = { ...explained, rules: compileRules(config.routes), factsOf }
  return async (asked, credentials, isCheck = false) => {
    const course = await passGate(parts, asked, credentials, isCheck)
    return explanationOf(parts, { asked, credentials, isCheck, course })
  }
}

/** The scheme of whatever does not say so itself. */
function defaultScheme({ server }: Config): 'http' | 'https' {
  return (server.public_url[0] as string).startsWith('https:') ? 'https' : 'http'
}

type Passage = Readonly<{
  asked: AskedRequest
  credentials: Credentials
  isCheck: boolean
  course: Course
}>

function explanationOf(parts: Parts, passage: Passage): Explanation {
  const { asked, isCheck, course } = passage
  const { request, end } = course
  const { method, target, host } = asked
  return {
    request: {
      method,
      host,
      target,
      via: isCheck ? 'check' : 'direct',
      isPageView: !request.visit.isUpgrade && isNavigation(method, request.headers),
      isWebSocket: request.visit.isUpgrade,
    },
    path: pathOf(target),
    host: hostOf(parts, course),
    caller: callerOf(parts, passage),
    rules: rulesExplained(parts, course),
    decision: decisionOf(course),
    ...(end.kind === 'forward' && { upstream: sentUpstream(request, parts.config, parts.factsOf) }),
  }
}

function pathOf(target: string): PathExplanation {
  const read = readTarget(target)
  if ('fault' in read) return { isCanonical: false, ...read }
  const { path, query, folded, needs } = read
  return { isCanonical: true, path, query, readings: folded, needs }
}

function hostOf({ rules }: Parts, { request }: Course): HostExplanation {
  const { origin, site } = request.visit
  if (origin.host === undefined) return { isServed: false }
  return {
    name: origin.host,
    isServed: site !== undefined || rules.knowsHost(origin.host),
    ...(site !== undefined && { origin: site.origin }),
  }
}

function callerOf({ config }: Parts, { credentials, course }: Passage): CallerExplanation {
  const { visit, headers } = course.request
  const { cookie = '' } = headers
  const scheme = visit.site?.scheme ?? defaultScheme(config)
  const { session } = credentials.sessions(scheme).read(cookie)
  const { lookInto } = credentials
  const who = visit.bearer ?? visit.session
  return {
    kind: who === undefined ? 'nobody' : visit.bearer === undefined ? 'session' : 'bearer',
    isPassedOver: who === undefined && (session !== undefined || credentials.bearer !== undefined),
    ...(who?.sub !== undefined && { sub: who.sub }),
    ...(who !== undefined && { scopes: who.scopes, claims: who.claims }),
    ...(lookInto !== undefined && { cookie: lookInto(scheme, cookie) }),
  }
}

function decisionOf({ request, end }: Course): DecisionExplanation {
  const { visit } = request
  const rule = visit.rule === undefined ? {} : { rule: visit.rule.name }
  const reason = visit.reason as string
  switch (end.kind) {
    case 'forward':
      return { kind: 'forward', reason, ...rule, headers: {} }
    case 'permit':
      return {
        kind: visit.decision === 'forward' ? 'forward' : 'answer',
        reason,
        status: end.status,
        ...rule,
        headers: shownHeaders(end.headers),
      }
    case 'answer': {
      const { status, headers } = end
      return { kind: answerKind(visit.decision, status), reason: end.reason, status, ...rule, headers }
    }
    case 'own-endpoint': {
      const { methods = [request.method] } = end.endpoint
      return methods.includes(request.method)
        ? { kind: 'answer', reason: 'own-endpoint', headers: {} }
        : { kind: 'refuse', reason: 'wrong-method', status: 405, headers: { allow: methods.join(', ') } }
    }
  }
}

/** What was decided, or what is done without a decision. */
function answerKind(decided: string | undefined, status: number): DecisionKind {
  if (decided !== undefined && decided !== 'forward') return decided as DecisionKind
  return status < 400 ? 'answer' : 'refuse'
}

function shownHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, shownHeader(name, value)]))
}
