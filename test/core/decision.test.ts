import t from 'tap'
import type { AuthorizationWish } from '../../src/core/authorization-wish.ts'
import type { BearerToken } from '../../src/core/bearer-token.ts'
import { decide, type RequestFacts } from '../../src/core/decision.ts'
import type { Rule } from '../../src/core/rules.ts'
import { type Session, startSession } from '../../src/core/session.ts'
import { ruleOf } from './rule-of.ts'

const session = startSession(
  'id',
  {
    sub: 'alice',
    claims: { groups: ['staff'] },
    scopes: ['read'],
    tokens: { accessToken: 't', obtainedAt: 0 },
  },
  0,
)
const page: RequestFacts = { isNavigation: true, isSafe: true, isCrossSite: false, now: 1000 }
const call: RequestFacts = { isNavigation: false, isSafe: true, isCrossSite: false, now: 1000 }
const post: RequestFacts = { isNavigation: false, isSafe: false, isCrossSite: false, now: 1000 }
const forged: RequestFacts = { ...post, isCrossSite: true }
const socket: RequestFacts = { ...call, isSafe: false }
const rule = (rest: Partial<Rule> = {}) => ruleOf('/x', rest)

t.test('a public rule forwards everybody as nobody', async (t) => {
  for (const who of [{}, { session }]) {
    for (const facts of [page, post, forged]) {
      t.strictSame(decide(rule({ access: 'public' }), who, facts), { kind: 'forward', reason: 'public' })
    }
  }
})

t.test('an optional rule forwards with and without a session', async (t) => {
  t.strictSame(decide(rule({ access: 'optional' }), {}, forged), {
    kind: 'forward',
    reason: 'anonymous',
  })
  t.strictSame(decide(rule({ access: 'optional' }), { session }, page), {
    kind: 'forward',
    reason: 'authenticated',
  })
})

t.test('without a session a navigation logs in and anything else is challenged', async (t) => {
  const kind = (onUnauthenticated: Rule['onUnauthenticated']) =>
    [page, call, post].map((facts) => decide(rule({ onUnauthenticated }), {}, facts).kind)
  t.same(kind('auto'), ['login', 'challenge', 'challenge'])
  t.same(kind('redirect'), ['login', 'login', 'challenge'])
  t.same(kind('challenge'), ['challenge', 'challenge', 'challenge'])
  t.match(decide(rule(), {}, page), { reason: 'no-session' })
  t.match(decide(rule(), {}, call), { reason: 'no-session' })
})

t.test('forbids a cross-site request with a session, before anything else, unless csrf is off', async (t) => {
  const forbidden = { kind: 'forbid', reason: 'cross-site' }
  t.strictSame(decide(rule(), { session }, forged), forbidden)
  t.strictSame(decide(rule({ access: 'optional' }), { session }, forged), forbidden)
  t.strictSame(decide(rule({ scopes: ['write'] }), { session }, forged), forbidden)
  t.match(decide(rule({ csrf: false }), { session }, forged), { kind: 'forward' })
})

t.test('forbids a session that lacks a scope, and names what is missing', async (t) => {
  const forbidden = (missing: string[]) => ({ kind: 'forbid', reason: 'missing-scope', missing })
  t.strictSame(decide(rule({ scopes: ['read', 'write'] }), { session }, page), forbidden(['write']))
  t.strictSame(decide(rule({ anyScope: ['x', 'y'] }), { session }, page), forbidden(['x', 'y']))
  t.strictSame(
    decide(rule({ scopes: ['write'], claims: { groups: ['ops'] } }), { session }, page),
    forbidden(['write']),
  )
})

t.test('forbids a session that lacks a claim, and names what is missing', async (t) => {
  t.strictSame(decide(rule({ scopes: ['read'], claims: { groups: ['ops'] } }), { session }, page), {
    kind: 'forbid',
    reason: 'missing-claim',
    missing: ['groups'],
  })
})

t.test('forwards a session that has all of it', async (t) => {
  const reason = (rest: Partial<Rule>) => decide(rule(rest), { session }, post)
  t.strictSame(reason({}), { kind: 'forward', reason: 'authenticated' })
  for (const rest of [{ scopes: ['read'] }, { anyScope: ['x', 'read'] }, { claims: { groups: ['staff'] } }]) {
    t.strictSame(reason(rest), { kind: 'forward', reason: 'scope-ok' })
  }
})

const withClaims = (claims: Session['claims'], unmet?: AuthorizationWish): Session => ({
  ...session,
  claims,
  ...(unmet && { unmet }),
})
const strong = rule({ acr: ['mfa'] })
const recent = rule({ maxAge: 300 })

t.test('without a session the first login asks for what the rule needs at once', async (t) => {
  const wish = (rest: Partial<Rule>) => decide(rule(rest), {}, page)
  t.strictSame(wish({}), { kind: 'login', reason: 'no-session', wish: undefined })
  t.strictSame(wish({ scopes: ['read'] }), { kind: 'login', reason: 'no-session', wish: undefined })
  t.strictSame(wish({ acr: ['mfa'], maxAge: 300, scopes: ['read'], onMissingScope: 'request' }), {
    kind: 'login',
    reason: 'no-session',
    wish: { scopes: ['read'], acr: ['mfa'], maxAge: 300 },
  })
})

t.test('a session that is strong and recent enough is forwarded', async (t) => {
  const forward = { kind: 'forward', reason: 'authenticated' }
  t.strictSame(decide(strong, { session: withClaims({ acr: 'mfa' }) }, page), forward)
  t.strictSame(decide(recent, { session: withClaims({ auth_time: 700 }) }, post), forward)
  const unmet = { acr: ['mfa'], maxAge: 300, scopes: ['read'] }
  const met = withClaims({ acr: 'mfa', auth_time: 700 }, unmet)
  t.strictSame(decide(rule({ acr: ['mfa'], maxAge: 300 }), { session: met }, page), forward)
  t.match(decide(rule({ scopes: ['read'] }), { session: met }, page), { kind: 'forward' })
})

t.test('a page view with a session too weak or too old logs in again, once', async (t) => {
  const weak = { kind: 'login', reason: 'acr-insufficient', wish: { acr: ['mfa'] } }
  const old = { kind: 'login', reason: 'authentication-too-old', wish: { maxAge: 300 } }
  t.strictSame(decide(strong, { session }, page), weak)
  t.strictSame(decide(recent, { session: withClaims({ auth_time: 699 }) }, page), old)
  t.strictSame(decide(strong, { session: withClaims({}, { maxAge: 300, acr: ['hw'] }) }, page), weak)
  t.strictSame(decide(recent, { session: withClaims({}, { maxAge: 299, acr: ['mfa'] }) }, page), old)
  t.strictSame(decide(strong, { session: withClaims({}, { acr: ['mfa'] }) }, page), {
    kind: 'forbid',
    reason: 'acr-insufficient',
  })
  t.strictSame(decide(recent, { session: withClaims({}, { maxAge: 300 }) }, page), {
    kind: 'forbid',
    reason: 'authentication-too-old',
  })
})

t.test('anything else with a session too weak or too old is challenged, whatever was refused', async (t) => {
  for (const session of [withClaims({}), withClaims({}, { acr: ['mfa'], maxAge: 300 })]) {
    for (const facts of [call, post, socket]) {
      t.strictSame(decide(strong, { session }, facts), { kind: 'challenge', reason: 'acr-insufficient' })
      t.strictSame(decide(recent, { session }, facts), {
        kind: 'challenge',
        reason: 'authentication-too-old',
      })
    }
    t.match(decide({ ...strong, onUnauthenticated: 'challenge' }, { session }, page), { kind: 'challenge' })
  }
  const redirecting = { ...strong, onUnauthenticated: 'redirect' } as const
  t.match(decide(redirecting, { session }, call), { kind: 'login', reason: 'acr-insufficient' })
  t.match(decide(redirecting, { session }, post), { kind: 'challenge', reason: 'acr-insufficient' })
})

t.test('a forged request, a missing scope and a missing claim are told before a weak session', async (t) => {
  const all = rule({ acr: ['mfa'], scopes: ['write'], claims: { groups: ['ops'] } })
  t.match(decide(all, { session }, forged), { reason: 'cross-site' })
  t.match(decide(all, { session }, page), { kind: 'forbid', reason: 'missing-scope' })
  t.match(decide({ ...all, scopes: [] }, { session }, page), { kind: 'forbid', reason: 'missing-claim' })
})

t.test('a page view that lacks a scope asks for it, once, where the rule says so', async (t) => {
  const asking = rule({ scopes: ['read', 'write'], acr: ['mfa'], onMissingScope: 'request' })
  const login = { kind: 'login', reason: 'missing-scope', wish: { scopes: ['read', 'write'], acr: ['mfa'] } }
  const lacking = { kind: 'forbid', reason: 'missing-scope', missing: ['write'] }
  t.strictSame(decide(asking, { session }, page), login)
  t.strictSame(decide(asking, { session: withClaims({}, { scopes: ['other'] }) }, page), login)
  t.strictSame(decide(asking, { session: withClaims({}, { scopes: ['write'] }) }, page), lacking)
  for (const facts of [call, post, socket]) t.strictSame(decide(asking, { session }, facts), lacking)
  t.strictSame(decide({ ...asking, onMissingScope: 'forbid' }, { session }, page), lacking)
  t.match(
    decide(
      rule({ claims: { groups: ['ops'] }, scopes: ['read'], onMissingScope: 'request' }),
      { session },
      page,
    ),
    { kind: 'forbid', reason: 'missing-claim' },
    'a claim is nothing to ask for',
  )
})

t.test('a bearer token is judged by the same, and never logs in', async (t) => {
  const bearer = {
    token: 't',
    sub: 'alice',
    claims: {},
    scopes: ['read'],
    audiences: ['api'],
    expiresAt: 2000,
  }
  const judged = (rest: Partial<Rule>, more: Partial<BearerToken> = {}) =>
    decide(rule({ credentials: ['session', 'bearer'], ...rest }), { bearer: { ...bearer, ...more } }, page)
  t.match(judged({ acr: ['mfa'] }), { kind: 'challenge', reason: 'acr-insufficient' })
  t.match(judged({ maxAge: 300 }), { kind: 'challenge', reason: 'authentication-too-old' })
  t.match(judged({ maxAge: 300 }, { claims: { auth_time: 900 } }), { kind: 'forward' })
  t.match(judged({ audience: ['other'] }), { kind: 'challenge', reason: 'token-audience-wrong' })
  t.match(judged({ audience: ['api'] }), { kind: 'forward', reason: 'authenticated' })
  t.match(judged({ scopes: ['write'], onMissingScope: 'request' }), { kind: 'forbid', missing: ['write'] })
  t.match(judged({ credentials: ['session'] }), { kind: 'challenge', reason: 'no-session' })
  t.match(decide(rule({ credentials: ['bearer'] }), { session }, page), { reason: 'no-token' })
})

const aliceToken: BearerToken = {
  token: 't',
  sub: 'alice',
  claims: { groups: ['staff'] },
  scopes: ['read'],
  audiences: ['api'],
  expiresAt: 2000,
}
const takesBoth = { credentials: ['session', 'bearer'] } as const

t.test('a bearer token counts where the rule takes it, and only for whom it is', async (t) => {
  t.match(decide(rule(takesBoth), { bearer: aliceToken }, call), { kind: 'forward', reason: 'authenticated' })
  t.match(
    decide(rule(takesBoth), { bearer: aliceToken }, forged),
    { kind: 'forward' },
    'no browser adds one by itself',
  )
  t.match(decide(rule({ ...takesBoth, audience: ['x', 'api'] }), { bearer: aliceToken }, call), {
    kind: 'forward',
  })
  t.strictSame(decide(rule({ ...takesBoth, audience: ['x'] }), { bearer: aliceToken }, page), {
    kind: 'challenge',
    reason: 'token-audience-wrong',
  })
  t.match(
    decide(rule(), { bearer: aliceToken }, page),
    { kind: 'challenge', reason: 'no-session' },
    'and begins no login',
  )
  t.match(decide(rule({ ...takesBoth, scopes: ['write'] }), { bearer: aliceToken }, page), {
    kind: 'forbid',
    missing: ['write'],
  })
  t.match(decide(rule({ ...takesBoth, claims: { groups: ['ops'] } }), { bearer: aliceToken }, page), {
    reason: 'missing-claim',
  })
  t.match(decide(rule({ access: 'optional' }), { bearer: aliceToken }, page), { reason: 'anonymous' })
})

t.test('a session is nothing to a rule for tokens', async (t) => {
  const tokens = { credentials: ['bearer'] } as const
  t.strictSame(decide(rule(tokens), { session }, page), { kind: 'challenge', reason: 'no-token' })
  t.match(decide(rule({ ...tokens, access: 'optional' }), { session }, page), { reason: 'anonymous' })
})
