import { type AuthenticationGap, authenticationGap } from './authentication.ts'
import {
  type AuthorizationWish,
  isRefusedAuthentication,
  isRefusedScope,
  wishOf,
} from './authorization-wish.ts'
import type { BearerToken } from './bearer-token.ts'
import type { CredentialKind, Rule } from './rule.ts'
import { missingClaims, missingScopes } from './scope.ts'
import type { Session } from './session.ts'

/** What becomes of a request; one other place turns it into an answer, and the reason goes to log, metric and page. */
export type Decision =
  | Readonly<{ kind: 'forward'; reason: 'public' | 'anonymous' | 'authenticated' | 'scope-ok' }>
  | Readonly<{
      kind: 'login'
      reason: 'no-session' | 'missing-scope' | AuthenticationGap
      wish?: AuthorizationWish | undefined
    }>
  | Readonly<{ kind: 'challenge'; reason: 'no-session' | 'no-token' | 'token-audience-wrong' }>
  | Readonly<{ kind: 'challenge'; reason: AuthenticationGap }>
  | Readonly<{ kind: 'forbid'; reason: 'missing-scope' | 'missing-claim'; missing: readonly string[] }>
  | Readonly<{ kind: 'forbid'; reason: 'cross-site' | AuthenticationGap }>

/** Who a request is from: at most one of the two. */
export type Callers = Readonly<{ session?: Session; bearer?: BearerToken }>

/** What a decision needs to know of the request itself. */
export type RequestFacts = Readonly<{
  /** As `isNavigation` says. */
  isNavigation: boolean
  /** GET or HEAD, as `isRetrieval` says. */
  isSafe: boolean
  /** As `isCrossSite` says, or `isForeignUpgrade` for a WebSocket handshake. */
  isCrossSite: boolean
  /** Epoch seconds. */
  now: number
}>

const isPublic: Decision = Object.freeze({ kind: 'forward', reason: 'public' })
const anonymous: Decision = Object.freeze({ kind: 'forward', reason: 'anonymous' })
const authenticated: Decision = Object.freeze({ kind: 'forward', reason: 'authenticated' })
const scopeOk: Decision = Object.freeze({ kind: 'forward', reason: 'scope-ok' })
const noSession: Decision = Object.freeze({ kind: 'challenge', reason: 'no-session' })
const noToken: Decision = Object.freeze({ kind: 'challenge', reason: 'no-token' })
const wrongAudience: Decision = Object.freeze({ kind: 'challenge', reason: 'token-audience-wrong' })
const crossSite: Decision = Object.freeze({ kind: 'forbid', reason: 'cross-site' })

/** Decides about one request under the rule that matched it. */
export function decide(rule: Rule, { session, bearer }: Callers, facts: RequestFacts): Decision {
  if (rule.access === 'public') return isPublic
  if (bearer !== undefined && accepts(rule, 'bearer')) return decideBearer(rule, bearer, facts)
  if (session !== undefined && accepts(rule, 'session')) return decideSession(rule, session, facts)
  if (rule.access === 'optional') return anonymous
  if (!accepts(rule, 'session')) return noToken
  return bearer === undefined && mayLogIn(rule, facts) ? login(rule, 'no-session') : noSession
}

/** Tells whether a credential of this kind counts under a rule. */
export function accepts({ credentials }: Rule, kind: CredentialKind): boolean {
  return credentials.includes(kind)
}

function mayLogIn(rule: Rule, facts: RequestFacts): boolean {
  if (rule.onUnauthenticated === 'auto') return facts.isNavigation
  return rule.onUnauthenticated === 'redirect' && facts.isSafe
}

function login(rule: Rule, reason: Extract<Decision, { kind: 'login' }>['reason']): Decision {
  return { kind: 'login', reason, wish: wishOf(rule) }
}

/** A token cannot be made to do more on the way: whoever sent it is told what is missing. */
function decideBearer(rule: Rule, bearer: BearerToken, { now }: RequestFacts): Decision {
  const { audience } = rule
  if (audience.length > 0 && !audience.some((name) => bearer.audiences.includes(name))) return wrongAudience
  const lack = lackOf(rule, bearer)
  if (lack !== undefined) return lack
  const gap = authenticationGap(rule, bearer.claims, now)
  return gap === undefined ? admitted(rule) : { kind: 'challenge', reason: gap }
}

function decideSession(rule: Rule, session: Session, facts: RequestFacts): Decision {
  if (facts.isCrossSite && rule.csrf) return crossSite
  const lack = lackOf(rule, session)
  if (lack !== undefined)
    return mayAskForScopes(rule, session, lack, facts) ? login(rule, 'missing-scope') : lack
  const gap = authenticationGap(rule, session.claims, facts.now)
  if (gap === undefined) return admitted(rule)
  if (!mayLogIn(rule, facts)) return { kind: 'challenge', reason: gap }
  return isRefusedAuthentication(session.unmet, gap, rule)
    ? { kind: 'forbid', reason: gap }
    : login(rule, gap)
}

type Lack = Extract<Decision, { missing: readonly string[] }>

function lackOf(rule: Rule, caller: Pick<Session, 'scopes' | 'claims'>): Lack | undefined {
  const scopes = missingScopes(rule, caller.scopes)
  if (scopes.length > 0) return { kind: 'forbid', reason: 'missing-scope', missing: scopes }
  const claims = missingClaims(rule.claims, caller.claims)
  return claims.length > 0 ? { kind: 'forbid', reason: 'missing-claim', missing: claims } : undefined
}

function mayAskForScopes(
  rule: Rule,
  { unmet }: Session,
  { reason, missing }: Lack,
  facts: RequestFacts,
): boolean {
  if (reason !== 'missing-scope' || rule.onMissingScope === 'forbid') return false
  return mayLogIn(rule, facts) && !isRefusedScope(unmet, missing)
}

function admitted({ scopes, anyScope, claims }: Rule): Decision {
  const hasConditions = scopes.length > 0 || anyScope.length > 0 || Object.keys(claims).length > 0
  return hasConditions ? scopeOk : authenticated
}
