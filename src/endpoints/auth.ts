import { METHODS } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type CheckOptions, meets, readCheckOptions } from '../core/check-options.ts'
import type { Decision } from '../core/decision.ts'
import { hasDisguised } from '../core/headers.ts'
import { isNavigation } from '../core/navigation.ts'
import { type OriginalRequest, type OriginalSource, readOriginal } from '../core/original-request.ts'
import { canonicalPath } from '../core/request-path.ts'
import type { Rule } from '../core/rule.ts'
import type { RuleTable } from '../core/rules.ts'
import type { Deny } from '../gate/denial.ts'
import type { NeedsDetour } from '../gate/detour.ts'
import type { Judge, Verdict } from '../gate/judge.ts'
import { hostOf } from '../gate/origin.ts'
import type { Permit } from '../gate/permit.ts'
import { type JudgePreflight, neverServed } from '../gate/preflight.ts'
import type { RefuseCheck, SignIn } from '../gate/refuse-check.ts'
import type { RefuseToken } from '../gate/refuse-token.ts'
import type { Sites } from '../gate/site.ts'
import { isBelow, targetOf, type Visit } from '../gate/visit.ts'

type AuthOptions = Readonly<{
  source: OriginalSource
  /** The method is never read, for nobody makes sure who wrote it. */
  ignoresMethod: boolean
  /** The names that an allowed answer tells about the caller, in lower case. */
  toldNames: ReadonlySet<string>
  /** Page views without a session are redirected, not told 401. */
  isRedirecting: boolean
  prefix: string
  defaultScheme: 'http' | 'https'
  sites: Sites
  rules: RuleTable
  judge: Judge
  judgePreflight: JudgePreflight
  permit: Permit
  refuse: RefuseCheck
  refuseToken: RefuseToken
  deny: Deny
  needsDetour: NeedsDetour
  /** Epoch seconds. */
  clock: () => number
}>

/** How long, in seconds, a method is doubted after a check that told none. */
const doubtMethodFor = 600

/** Methods that a request can come with, and a rule can admit. */
const methods: ReadonlySet<string> = new Set(METHODS.filter((method) => !neverServed.has(method)))

/**
 * Registers the auth endpoint, `auth` below the prefix, by which another proxy asks whether a request may pass. The request
 * that is asked about is judged like one that came here itself; answers are 200 (or 202), 302, 400, 401 and 403 only.
 */
export function registerAuth(app: FastifyInstance, options: AuthOptions): void {
  const { source, prefix, defaultScheme, sites, rules, judge, judgePreflight, permit, refuse } = options
  const { refuseToken, deny, needsDetour, clock } = options
  const path = `${prefix}/auth`
  // A proxy that does not set the method lets clients write one: as long as there is such a proxy, none is believed.
  let doubtsUntil = options.ignoresMethod ? Number.POSITIVE_INFINITY : 0
  app.all(source === 'path' ? `${path}/*` : path, (request, reply) => {
    try {
      check(request, reply)
    } catch (error) {
      refuse.failed(request, reply, error)
    }
  })

  function check(request: FastifyRequest, reply: FastifyReply): void {
    const asked = askedFor(request)
    const problem = typeof asked === 'string' ? asked : become(request, asked.original)
    if (typeof asked === 'string' || problem !== undefined) {
      refuse.check(request, reply, problem as string)
      return
    }
    const reason = unservedReason(request, asked.original)
    if (reason !== undefined) refuse.request(request, reply, reason)
    else if (!answerPreflight(request, reply)) judgeOriginal(request, reply, asked.options)
  }

  /** Answers for a preflight what its own answer would be; the service behind the proxy sends the headers itself. */
  function answerPreflight(request: FastifyRequest, reply: FastifyReply): boolean {
    const preflight = judgePreflight(request)
    if (preflight === undefined) return false
    request.visit.reason = 'preflight'
    if (preflight.headers === undefined) refuse.request(request, reply, 'cors-refused')
    else permit.anonymously(reply)
    return true
  }

  function judgeOriginal(request: FastifyRequest, reply: FastifyReply, asked: CheckOptions): void {
    const { rules: found, refusal } = judge.findRules(request)
    if (refusal !== undefined) {
      refuse.request(request, reply, refusal.kind === 'needs-opt-in' ? 'target-needs-opt-in' : refusal.kind)
      return
    }
    if (!knowsEnough(request.visit, found)) {
      refuse.check(request, reply, 'original-method-missing')
      return
    }
    const verdict = judge.decide(request, stricter(found, asked))
    if (!(verdict instanceof Promise)) {
      settle(request, reply, asked, verdict)
      return
    }
    verdict
      .then((settled) => settle(request, reply, asked, settled))
      .catch((error) => refuse.failed(request, reply, error))
  }

  function knowsEnough({ method }: Visit, found: readonly Rule[]): boolean {
    return method !== '' || options.ignoresMethod || found.every(({ methods }) => methods === undefined)
  }

  /** What is asked, or why that cannot be known. */
  function askedFor(request: FastifyRequest) {
    const { raw, visit } = request
    if (!visit.origin.isProxied) return 'check-untrusted'
    const { url = '', rawHeaders } = raw
    // Behind a spelling of our own path that only amounts to the same, nobody knows where that of the other begins.
    if (!url.startsWith(path)) return 'original-invalid'
    const target = source === 'path' ? url.slice(path.length) : ''
    const original = readOriginal(source, { method: visit.method, target, rawHeaders })
    if (typeof original === 'string') return original
    const read = source === 'path' ? noOptions : readCheckOptions(targetOf(request).query)
    return read === undefined ? 'check-invalid' : { original, options: read }
  }

  /** From here on the visit is that of the original request. */
  function become({ visit }: FastifyRequest, original: OriginalRequest): string | undefined {
    const { scheme, method } = original
    const host = hostOf(original.host, scheme ?? defaultScheme)
    if (host === undefined) return 'original-invalid'
    const { host: asked, client, forwardedFor, isProxied } = visit.origin
    if (host !== asked) visit.site = sites.of(host)
    visit.origin = { client, forwardedFor, host, scheme, isProxied }
    visit.method = believed(method)
    visit.target = canonicalPath(original.target)
    return undefined
  }

  function believed(method: string | undefined): string {
    if (method !== undefined) return doubtsUntil === 0 || clock() >= doubtsUntil ? method : ''
    doubtsUntil = Math.max(doubtsUntil, clock() + doubtMethodFor)
    return ''
  }

  /** Why nobody serves such a request. */
  function unservedReason(
    { visit, headers, raw }: FastifyRequest,
    { method }: OriginalRequest,
  ): string | undefined {
    const { site, origin, target } = visit
    if (target === undefined) return 'target-not-canonical'
    if (site === undefined && !rules.knowsHost(origin.host as string)) return 'host-unknown'
    // Whoever wrote it: nobody has to let such a request pass.
    if (method !== undefined && !methods.has(method)) return 'method-unknown'
    // Scripts must not ask in the name of a page what only the proxy may know; all else there is for us to answer. Some
    // proxies merge or decode slashes before they look where a request goes.
    if ([target.path, ...target.folded].some((path) => isBelow(path, prefix))) return 'own-endpoint'
    if (hasDisguised(raw.rawHeaders, options.toldNames)) return 'identity-header-disguised'
    if (isHandshake(headers)) visit.isUpgrade = true
    return undefined
  }

  function settle(request: FastifyRequest, reply: FastifyReply, asked: CheckOptions, verdict: Verdict): void {
    const { visit } = request
    // Of several lines a proxy passes on the first alone, or joins them to one that no browser can read.
    if (visit.cookies !== undefined && visit.cookies.lines.length > 1) delete visit.cookies
    switch (verdict.kind) {
      case 'unavailable':
        refuse.unavailable(request, reply, verdict.failure, signIn(request, asked))
        return
      case 'token-refused':
        refuseToken.fault(request, reply, verdict.fault)
        return
      case 'malformed':
        refuseToken.fault(request, reply, 'token-malformed')
        return
      case 'decided':
        conclude(request, reply, asked, verdict.decision)
    }
  }

  function conclude(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: CheckOptions,
    decision: Decision,
  ): void {
    const { visit } = request
    if (decision.kind === 'login') refuse.toLogin(request, reply, isRedirecting(asked), decision)
    else if (decision.kind !== 'forward') deny(request, reply, decision)
    else if (!isAdmitted(visit, asked)) refuse.request(request, reply, 'constraint-not-met')
    else if (isRedirecting(asked) && signIn(request, asked) !== 'none' && needsDetour(visit)) {
      refuse.toRenew(request, reply)
    } else permit.allow(request, reply)
  }

  function isRedirecting(asked: CheckOptions): boolean {
    return options.isRedirecting || asked.isRedirecting === true
  }

  function signIn({ visit, headers }: FastifyRequest, asked: CheckOptions): SignIn {
    if (visit.isUpgrade || !isNavigation(visit.method || 'GET', headers)) return 'none'
    return isRedirecting(asked) ? 'redirect' : 'status'
  }
}

const noOptions: CheckOptions = Object.freeze({})

/** Where more is asked than the rule says, nobody passes unknown. */
function stricter(rules: readonly Rule[], { constraints }: CheckOptions): readonly Rule[] {
  if (constraints === undefined) return rules
  return rules.map((rule) => (rule.access === 'authenticated' ? rule : { ...rule, access: 'authenticated' }))
}

/** Whether the caller is one of those whom the check asks for. */
function isAdmitted({ session, bearer }: Visit, { constraints }: CheckOptions): boolean {
  if (constraints === undefined) return true
  const claims = (bearer ?? session)?.claims
  return claims !== undefined && meets(constraints, claims)
}

/**
 * Proxies take `Upgrade` out of a check, but not what else makes a handshake. One over HTTP/2 has neither that nor a key,
 * but its version, and what browsers say of it.
 * @see RFC 6455 section 4.1, RFC 8441 section 5
 */
function isHandshake(headers: FastifyRequest['headers']): boolean {
  return (
    headers['sec-websocket-key'] !== undefined ||
    headers['sec-websocket-version'] !== undefined ||
    headers['sec-fetch-mode'] === 'websocket' ||
    headers.upgrade?.toLowerCase() === 'websocket'
  )
}
