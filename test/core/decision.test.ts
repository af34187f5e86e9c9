import t from 'tap'
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
