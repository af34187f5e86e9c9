import { type AuthenticationGap, type AuthenticationNeed, authenticationGap } from './authentication.ts'
import type { Claims } from './session.ts'

/** What an authorization request asks for beside the usual, because a rule needs it. */
export type AuthorizationWish = Readonly<{
  scopes?: readonly string[]
  /** `acr_values`, the first is the one liked best (OpenID Connect Core 1.0 section 3.1.2.1). */
  acr?: readonly string[]
  /** `max_age`, seconds. */
  maxAge?: number
}>

/** What a rule makes a login ask for. */
export type WishfulRule = AuthenticationNeed &
  Readonly<{ scopes: readonly string[]; anyScope: readonly string[]; onMissingScope: 'forbid' | 'request' }>

/** What a login for a rule asks for beside the usual; undefined when that is nothing. */
export function wishOf({
  scopes,
  anyScope,
  onMissingScope,
  acr,
  maxAge,
}: WishfulRule): AuthorizationWish | undefined {
  const wanted = onMissingScope === 'request' ? [...new Set([...scopes, ...anyScope])] : []
  const wish: AuthorizationWish = {
    ...(wanted.length > 0 && { scopes: wanted }),
    ...(acr.length > 0 && { acr }),
    ...(maxAge !== undefined && { maxAge }),
  }
  return Object.keys(wish).length > 0 ? wish : undefined
}

/**
 * The part of a wish that a login did not fulfil: kept with the session, so that nobody is sent round again for it.
 * @param now Epoch seconds.
 */
export function unmetWish(
  { scopes = [], acr = [], maxAge }: AuthorizationWish,
  granted: Readonly<{ scopes: readonly string[]; claims: Claims }>,
  now: number,
): AuthorizationWish | undefined {
  const refused = scopes.filter((scope) => !granted.scopes.includes(scope))
  const isTooOld =
    maxAge !== undefined && authenticationGap({ acr: [], maxAge }, granted.claims, now) !== undefined
  const unmet: AuthorizationWish = {
    ...(refused.length > 0 && { scopes: refused }),
    ...(authenticationGap({ acr }, granted.claims, now) !== undefined && { acr }),
    ...(isTooOld && { maxAge }),
  }
  return Object.keys(unmet).length > 0 ? unmet : undefined
}

/** Tells whether the provider was asked for these scopes at the sign-in and did not grant one of them. */
export function isRefusedScope(unmet: AuthorizationWish | undefined, missing: readonly string[]): boolean {
  return missing.every((scope) => unmet?.scopes?.includes(scope))
}

/** Tells whether the provider was asked to close this gap at the sign-in, and did not. */
export function isRefusedAuthentication(
  unmet: AuthorizationWish | undefined,
  gap: AuthenticationGap,
  need: AuthenticationNeed,
): boolean {
  if (gap === 'authentication-too-old') return unmet?.maxAge !== undefined
  return need.acr.every((value) => unmet?.acr?.includes(value))
}

/** What rules may wish for; anything else that an address asks for is passed over. */
export type KnownWishes = Readonly<{
  scopes: ReadonlySet<string>
  acr: ReadonlySet<string>
  maxAges: ReadonlySet<number>
}>

/** Everything that some rule may wish for. */
export function knownWishes(rules: readonly WishfulRule[]): KnownWishes {
  const wishes = rules.map((rule) => wishOf(rule) ?? {})
  return {
    scopes: new Set(wishes.flatMap(({ scopes = [] }) => scopes)),
    acr: new Set(wishes.flatMap(({ acr = [] }) => acr)),
    maxAges: new Set(wishes.flatMap(({ maxAge }) => (maxAge === undefined ? [] : [maxAge]))),
  }
}

/** A wish as the query of the address that begins a login; empty for none. */
export function wishQuery({ scopes, acr, maxAge }: AuthorizationWish = {}): URLSearchParams {
  return new URLSearchParams({
    ...(scopes !== undefined && { scope: scopes.join(' ') }),
    ...(acr !== undefined && { acr_values: acr.join(' ') }),
    ...(maxAge !== undefined && { max_age: String(maxAge) }),
  })
}

/** The wish in such a query, as far as a rule could have wished for it; undefined when nothing is left. */
export function readWish(query: URLSearchParams, known: KnownWishes): AuthorizationWish | undefined {
  const listed = (name: string, values: ReadonlySet<string>) =>
    (query.get(name) ?? '').split(' ').filter((value) => values.has(value))
  const scopes = listed('scope', known.scopes)
  const acr = listed('acr_values', known.acr)
  const maxAge = Number(query.get('max_age') ?? Number.NaN)
  const wish: AuthorizationWish = {
    ...(scopes.length > 0 && { scopes: [...new Set(scopes)] }),
    ...(acr.length > 0 && { acr: [...new Set(acr)] }),
    ...(known.maxAges.has(maxAge) && { maxAge }),
  }
  return Object.keys(wish).length > 0 ? wish : undefined
}

/**
 * The same wish, asking for these scopes as well: those of a session that the login replaces, or the new grant would lose
 * what an earlier wish had got.
 */
export function withScopes(wish: AuthorizationWish, held: readonly string[]): AuthorizationWish {
  const scopes = [...new Set([...held, ...(wish.scopes ?? [])])]
  return scopes.length > 0 ? { ...wish, scopes } : wish
}
