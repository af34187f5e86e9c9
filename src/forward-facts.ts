import type { Config } from './config/schema.ts'
import { withoutCookies } from './core/cookies.ts'
import { foldHeaderName } from './core/headers.ts'
import { createMemo } from './core/memo.ts'
import type { Rule } from './core/rule.ts'
import { type Caller, callerFor, identityValue, tokenFor } from './gate/handed-on.ts'
import type { Visit } from './gate/visit.ts'
import type { ForwardFacts } from './proxy/request-headers.ts'
import type { UpstreamRoute } from './proxy/upstream-route.ts'

type ForwardFactsOptions = Readonly<{
  /** The identity headers of all upstreams, by name. */
  identityNames: readonly string[]
  /** The scheme that hosts without a public origin of their own are served under. */
  defaultScheme: 'http' | 'https'
  ownsCookie: (name: string) => boolean
}>

/** What an upstream is told about an admitted request beside the client's own headers. */
export type ForwardFactsOf = (visit: Visit, upstream: UpstreamRoute) => ForwardFacts

/** The identity headers of all upstreams of a configuration. */
export function identityNamesOf({ upstreams }: Pick<Config, 'upstreams'>): readonly string[] {
  return Object.values(upstreams).flatMap((upstream) => Object.keys(upstream.identity_headers))
}

/** Cookie headers that are remembered with ours taken out; a few kilobytes each. */
const rememberedHeaders = 2_048

/** Builds what joins the findings of the gate with what upstreams are to be told. */
export function createForwardFacts(options: ForwardFactsOptions): ForwardFactsOf {
  const { defaultScheme, ownsCookie } = options
  // Every identity header of any upstream is stripped everywhere: a name that one service trusts is not a client's to set.
  const stripped = new Set(options.identityNames.map(foldHeaderName))

  const withoutOwnCookies = createMemo(rememberedHeaders, (header) => withoutCookies(header, ownsCookie))

  // A session or verified token is the same object from request to request, and so are the headers that name it.
  const identities = new WeakMap<Caller, Map<UpstreamRoute, Identity>>()

  return (visit, upstream) => {
    const { requestId, origin } = visit
    const rule = visit.rule as Rule
    const caller = callerFor(rule, visit)
    // The host that was judged: with a trusted proxy in front, the Host line itself may name any other.
    const host = origin.host as string
    return {
      host: upstream.host ?? host,
      scheme: origin.scheme ?? visit.site?.scheme ?? defaultScheme,
      clientAddress: origin.client,
      forwardedFor: origin.forwardedFor,
      forwardedHost: host,
      requestId,
      trace: visit.trace,
      bearer: caller && tokenFor(upstream.token, caller),
      passAuthorization: rule.authorization === 'pass',
      identity: caller === undefined ? noIdentity : identityOf(upstream, caller),
      ownsCookie,
      withoutOwnCookies,
      stripped,
    }
  }

  function identityOf(upstream: UpstreamRoute, caller: Caller): Identity {
    const known = identities.get(caller) ?? new Map<UpstreamRoute, Identity>()
    identities.set(caller, known)
    const identity = known.get(upstream) ?? identityFor(upstream, caller)
    known.set(upstream, identity)
    return identity
  }
}

type Identity = ForwardFacts['identity']

const noIdentity: Identity = Object.freeze([])

/** The identity headers of an upstream for one caller; a claim that cannot be written as a header is left out. */
function identityFor({ identityHeaders }: UpstreamRoute, caller: Caller): [name: string, value: string][] {
  const headers: [string, string][] = []
  for (const [name, claim] of Object.entries(identityHeaders)) {
    const value = identityValue(claim, caller)
    if (value !== undefined) headers.push([name, value])
  }
  return headers
}
