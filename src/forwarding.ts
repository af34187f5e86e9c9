import type { FastifyReply, FastifyRequest } from 'fastify'
import { withoutCookies } from './core/cookies.ts'
import type { PosternError } from './core/errors.ts'
import { foldHeaderName } from './core/headers.ts'
import { createMemo } from './core/memo.ts'
import type { Rule } from './core/rule.ts'
import type { Session } from './core/session.ts'
import { upgradeOf } from './gate/arrival.ts'
import type { CookieChange } from './gate/cookie-change.ts'
import { type Caller, callerFor, identityValue, tokenFor } from './gate/handed-on.ts'
import { targetOf, type Visit } from './gate/visit.ts'
import type { ForwardPlan } from './proxy/exchange.ts'
import { forward } from './proxy/forward.ts'
import type { LiveStreams } from './proxy/live-streams.ts'
import { upgrade } from './proxy/upgrade.ts'
import type { Upstream, Upstreams } from './proxy/upstreams.ts'

type ForwardingOptions = Readonly<{
  upstreams: Upstreams
  /** The identity headers of all upstreams, by name. */
  identityNames: readonly string[]
  live: LiveStreams
  /** The scheme that hosts without a public origin of their own are served under. */
  defaultScheme: 'http' | 'https'
  ownsCookie: (name: string) => boolean
  cookieLines: (change: CookieChange | undefined) => readonly string[]
  /** Epoch seconds at which a session ends whatever happens. */
  endsAt: (session: Session) => number
  onFailure: (request: FastifyRequest, reply: FastifyReply, error: PosternError) => void
  onCut: (error: PosternError, requestId: string) => void
}>

/** Cookie headers that are remembered with ours taken out; a few kilobytes each. */
const rememberedHeaders = 2_048

/** Builds the handler of admitted requests: it joins what the gate found out with what the proxy needs to know. */
export function createForwarding(options: ForwardingOptions) {
  const { upstreams, live, defaultScheme, ownsCookie, cookieLines, endsAt, onFailure, onCut } = options
  // Every identity header of any upstream is stripped everywhere: a name that one service trusts is not a client's to set.
  const stripped = new Set(options.identityNames.map(foldHeaderName))

  const withoutOwnCookies = createMemo(rememberedHeaders, (header) => withoutCookies(header, ownsCookie))

  // A stream without a session is registered too, so that it ends when the gateway does.
  const nobodys = { streams: live, sessionId: '', endsAt: Number.POSITIVE_INFINITY }
  // A session or verified token is the same object from request to request, and so are the headers that name it.
  const identities = new WeakMap<Caller, Map<Upstream, Identity>>()

  return function handle(request: FastifyRequest, reply: FastifyReply): void {
    // The client may have gone while its session was being renewed.
    if (reply.raw.destroyed) return
    const plan = planFor(request, reply)
    const head = upgradeOf.get(request.raw)
    if (head === undefined) forward(request.raw, reply.raw, plan)
    else upgrade(request.raw, reply.raw, head, plan)
  }

  function identityOf(upstream: Upstream, caller: Caller): Identity {
    const known = identities.get(caller) ?? new Map<Upstream, Identity>()
    identities.set(caller, known)
    const identity = known.get(upstream) ?? identityFor(upstream, caller)
    known.set(upstream, identity)
    return identity
  }

  /** A stream ends with its session, or with the token that opened it. */
  function liveOf({ session, bearer }: Visit) {
    if (session !== undefined) return { streams: live, sessionId: session.id, endsAt: endsAt(session) }
    return bearer === undefined ? nobodys : { ...nobodys, endsAt: bearer.expiresAt }
  }

  function planFor(request: FastifyRequest, reply: FastifyReply): ForwardPlan {
    const { visit } = request
    const { requestId, origin } = visit
    const rule = visit.rule as Rule
    const caller = callerFor(rule, visit)
    const { path, query } = targetOf(request)
    // The guard lets nothing pass that has none.
    const upstream = upstreams.get(rule.upstream as string)
    // The host that was judged: with a trusted proxy in front, the Host line itself may name any other.
    const host = origin.host as string
    return {
      upstream,
      path,
      query,
      facts: {
        host: upstream.host ?? host,
        scheme: origin.scheme ?? visit.site?.scheme ?? defaultScheme,
        clientAddress: origin.client,
        forwardedFor: origin.forwardedFor,
        forwardedHost: host,
        requestId,
        bearer: caller && tokenFor(upstream.token, caller),
        passAuthorization: rule.authorization === 'pass',
        identity: caller === undefined ? noIdentity : identityOf(upstream, caller),
        ownsCookie,
        withoutOwnCookies,
        stripped,
      },
      setCookies: () => cookieLines(visit.cookies),
      isProtected: visit.isProtected === true,
      expectsContinue: visit.expectsContinue,
      live: liveOf(visit),
      cors: visit.cors,
      onFailure: (error) => onFailure(request, reply, error),
      onCut: (error) => onCut(error, requestId),
    }
  }
}

type Identity = ForwardPlan['facts']['identity']

const noIdentity: Identity = Object.freeze([])

/** The identity headers of an upstream for one caller; a claim that cannot be written as a header is left out. */
function identityFor({ identityHeaders }: Upstream, caller: Caller): [name: string, value: string][] {
  const headers: [string, string][] = []
  for (const [name, claim] of Object.entries(identityHeaders)) {
    const value = identityValue(claim, caller)
    if (value !== undefined) headers.push([name, value])
  }
  return headers
}
