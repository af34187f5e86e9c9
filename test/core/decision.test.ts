import t from 'tap'
import type { BearerToken } from '../../src/core/bearer-token.ts'
import { decide, type RequestFacts } from '../../src/core/decision.ts'
import type { Rule } from '../../src/core/rules.ts'
import { startSession } from '../../src/core/session.ts'
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

const bearer: BearerToken = {
  token: 't',
  sub: 'alice',
  claims: { groups: ['staff'] },
  scopes: ['read'],
  audiences: ['api'],
  expiresAt: 2000,
}
const takesBoth = { credentials: ['session', 'bearer'] } as const

t.test('a bearer token counts where the rule takes it, and only for whom it is', async (t) => {
  t.match(decide(rule(takesBoth), { bearer }, call), { kind: 'forward', reason: 'authenticated' })
  t.match(decide(rule(takesBoth), { bearer }, forged), { kind: 'forward' }, 'no browser adds one by itself')
  t.match(decide(rule({ ...takesBoth, audience: ['x', 'api'] }), { bearer }, call), { kind: 'forward' })
  t.strictSame(decide(rule({ ...takesBoth, audience: ['x'] }), { bearer }, page), {
    kind: 'challenge',
    reason: 'token-audience-wrong',
  })
  t.match(
    decide(rule(), { bearer }, page),
    { kind: 'challenge', reason: 'no-session' },
    'and begins no login',
  )
  t.match(decide(rule({ ...takesBoth, scopes: ['write'] }), { bearer }, page), {
    kind: 'forbid',
    missing: ['write'],
  })
  t.match(decide(rule({ ...takesBoth, claims: { groups: ['ops'] } }), { bearer }, page), {
    reason: 'missing-claim',
  })
  t.match(decide(rule({ access: 'optional' }), { bearer }, page), { reason: 'anonymous' })
})

t.test('a session is nothing to a rule for tokens', async (t) => {
  const tokens = { credentials: ['bearer'] } as const
  t.strictSame(decide(rule(tokens), { session }, page), { kind: 'challenge', reason: 'no-token' })
  t.match(decide(rule({ ...tokens, access: 'optional' }), { session }, page), { reason: 'anonymous' })
})

t.test('who authenticated too weakly is sent once, and told where nobody can be sent', async (t) => {
  const strict = rule({ ...takesBoth, acr: ['gold'], maxAge: 60 })
  const wish = { acr: ['gold'], maxAge: 60, scopes: ['read'] }
  t.strictSame(decide(strict, { session }, page), { kind: 'login', reason: 'acr-insufficient', wish })
  t.strictSame(decide(strict, { session }, call), { kind: 'challenge', reason: 'acr-insufficient' })
  t.strictSame(decide(strict, { bearer }, page), { kind: 'challenge', reason: 'acr-insufficient' })
  const claims = { acr: 'gold', auth_time: 900 }
  t.match(decide(strict, { session: { ...session, claims } }, page), { reason: 'authentication-too-old' })
  t.match(decide(strict, { bearer: { ...bearer, claims } }, page), { reason: 'authentication-too-old' })
  t.match(decide(strict, { session: { ...session, claims: { ...claims, auth_time: 940 } } }, page), {
    kind: 'forward',
  })
  t.strictSame(decide(strict, { session: { ...session, unmet: { acr: ['gold'] } } }, page), {
    kind: 'forbid',
    reason: 'acr-insufficient',
  })
  t.strictSame(decide(strict, {}, page), {
    kind: 'login',
    reason: 'no-session',
    wish: { acr: ['gold'], maxAge: 60 },
  })
})

t.test('a missing scope is asked for once, where the rule says so', async (t) => {
  const asking = rule({ scopes: ['write'], onMissingScope: 'request', claims: { groups: ['ops'] } })
  t.strictSame(decide(asking, { session }, page), {
    kind: 'login',
    reason: 'missing-scope',
    wish: { scopes: ['read', 'write'] },
  })
  t.match(decide(asking, { session }, call), { kind: 'forbid', reason: 'missing-scope' })
  t.match(decide(asking, { session: { ...session, unmet: { scopes: ['write'] } } }, page), { kind: 'forbid' })
  const granted = { ...session, scopes: ['write'] }
  t.match(decide(asking, { session: granted }, page), { kind: 'forbid', reason: 'missing-claim' })
})
