import type { Rule } from './rule.ts'
import { missingClaims, missingScopes } from './scope.ts'
import type { Session } from './session.ts'

/** What becomes of a request; one other place turns it into an answer, and the reason goes to log, metric and page. */
export type Decision =
  | Readonly<{ kind: 'forward'; reason: 'public' | 'anonymous' }>
  | Readonly<{ kind: 'forward'; reason: 'authenticated' | 'scope-ok'; session: Session }>
  | Readonly<{ kind: 'login'; reason: 'no-session' }>
  | Readonly<{ kind: 'challenge'; reason: 'no-session' }>
  | Readonly<{ kind: 'forbid'; reason: 'missing-scope' | 'missing-claim'; missing: readonly string[] }>
  | Readonly<{ kind: 'forbid'; reason: 'cross-site' }>

/** What a decision needs to know of the request itself. */
export type RequestFacts = Readonly<{
  /** As `isNavigation` says. */
  isNavigation: boolean
  /** GET or HEAD, as `isRetrieval` says. */
  isSafe: boolean
  /** As `isCrossSite` says, or `isForeignUpgrade` for a WebSocket handshake. */
  isCrossSite: boolean
}>

const isPublic: Decision = Object.freeze({ kind: 'forward', reason: 'public' })
const anonymous: Decision = Object.freeze({ kind: 'forward', reason: 'anonymous' })
const login: Decision = Object.freeze({ kind: 'login', reason: 'no-session' })
const challenge: Decision = Object.freeze({ kind: 'challenge', reason: 'no-session' })
const crossSite: Decision = Object.freeze({ kind: 'forbid', reason: 'cross-site' })

/** Decides about one request under the rule that matched it. */
export function decide(rule: Rule, session: Session | undefined, facts: RequestFacts): Decision {
  if (rule.access === 'public') return isPublic
  if (session !== undefined) return decideSignedIn(rule, session, facts)
  if (rule.access === 'optional') return anonymous
  return mayLogIn(rule, facts) ? login : challenge
}

function mayLogIn(rule: Rule, facts: RequestFacts): boolean {
  if (rule.onUnauthenticated === 'auto') return facts.isNavigation
  return rule.onUnauthenticated === 'redirect' && facts.isSafe
}

function decideSignedIn(rule: Rule, session: Session, facts: RequestFacts): Decision {
  if (facts.isCrossSite && rule.csrf) return crossSite
  const scopes = missingScopes(rule, session.scopes)
  if (scopes.length > 0) return { kind: 'forbid', reason: 'missing-scope', missing: scopes }
  const claims = missingClaims(rule.claims, session.claims)
  if (claims.length > 0) return { kind: 'forbid', reason: 'missing-claim', missing: claims }
  return { kind: 'forward', reason: hasConditions(rule) ? 'scope-ok' : 'authenticated', session }
}

function hasConditions({ scopes, anyScope, claims }: Rule): boolean {
  return scopes.length > 0 || anyScope.length > 0 || Object.keys(claims).length > 0
}
