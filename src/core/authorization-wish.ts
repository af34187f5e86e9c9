import { type AuthenticationGap, type AuthenticationNeed, authenticationGap } from './authentication.ts'
import type { Session } from './session.ts'

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
  const wanted = onMissingScope === 'request' ? [...scopes, ...anyScope] : []
  return wishFor(wanted, acr, maxAge)
}

/**
 * The wish together with what a session has and some rule wishes for: the new grant replaces the session, and what earlier
 * logins brought must not be lost with it. Other scopes of the session may be none that the provider could be asked for.
 * @param now Epoch seconds.
 */
export function keepingGains(
  { scopes = [], acr, maxAge }: AuthorizationWish = {},
  held: Pick<Session, 'scopes' | 'claims'>,
  known: KnownWishes,
  now: number,
): AuthorizationWish | undefined {
  const contexts = [...known.acr].filter((value) => value === held.claims['acr'])
  const ages = [...known.maxAges].filter(
    (age) => authenticationGap({ acr: [], maxAge: age }, held.claims, now) === undefined,
  )
  return wishFor(
    [...scopes, ...held.scopes.filter((scope) => known.scopes.has(scope))],
    acr ?? contexts,
    maxAge ?? largest(ages),
  )
}

/**
 * What logins asked for and the last of them did not fulfil: kept with the session, so that nobody is sent round again for it.
 * @param asked The wish of that login, and what had been asked for in vain before.
 * @param now Epoch seconds.
 */
export function unmetWish(
  asked: readonly (AuthorizationWish | undefined)[],
  granted: Pick<Session, 'scopes' | 'claims'>,
  now: number,
): AuthorizationWish | undefined {
  const isUnmet = (need: AuthenticationNeed) => authenticationGap(need, granted.claims, now) !== undefined
  const wishes = asked.map((wish) => wish ?? {})
  const ages = wishes.flatMap(({ maxAge }) =>
    maxAge !== undefined && isUnmet({ acr: [], maxAge }) ? [maxAge] : [],
  )
  return wishFor(
    wishes.flatMap(({ scopes = [] }) => scopes).filter((scope) => !granted.scopes.includes(scope)),
    wishes.flatMap(({ acr = [] }) => (isUnmet({ acr }) ? acr : [])),
    largest(ages),
  )
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
  // Not even an older one was to be had.
  if (gap === 'authentication-too-old') return (need.maxAge as number) <= (unmet?.maxAge ?? 0)
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
  return wishFor(scopes, acr, known.maxAges.has(maxAge) ? maxAge : undefined)
}

function largest(numbers: readonly number[]): number | undefined {
  return numbers.length > 0 ? Math.max(...numbers) : undefined
}

function wishFor(
  scopes: readonly string[],
  acr: readonly string[],
  maxAge: number | undefined,
): AuthorizationWish | undefined {
  const wish: AuthorizationWish = {
    ...(scopes.length > 0 && { scopes: [...new Set(scopes)] }),
    ...(acr.length > 0 && { acr: [...new Set(acr)] }),
    ...(maxAge !== undefined && { maxAge }),
  }
  return Object.keys(wish).length > 0 ? wish : undefined
}
