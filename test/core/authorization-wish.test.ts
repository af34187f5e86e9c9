import t from 'tap'
import {
  isRefusedAuthentication,
  isRefusedScope,
  keepingGains,
  knownWishes,
  readWish,
  unmetWish,
  wishOf,
  wishQuery,
} from '../../src/core/authorization-wish.ts'
import type { Claims } from '../../src/core/session.ts'
import { ruleOf } from './rule-of.ts'

const now = 1_800_000_000
const granted = (scopes: string[] = [], claims: Claims = {}) => ({ scopes, claims })

t.test('a rule wishes for its context and age, and for its scopes where it may ask for them', async (t) => {
  t.equal(wishOf(ruleOf('/x')), undefined)
  t.equal(wishOf(ruleOf('/x', { scopes: ['a'], anyScope: ['b'] })), undefined)
  t.strictSame(
    wishOf(ruleOf('/x', { scopes: ['a', 'b'], anyScope: ['b', 'c'], onMissingScope: 'request' })),
    {
      scopes: ['a', 'b', 'c'],
    },
  )
  t.strictSame(wishOf(ruleOf('/x', { acr: ['mfa', 'hw'] })), { acr: ['mfa', 'hw'] })
  t.strictSame(wishOf(ruleOf('/x', { maxAge: 300, scopes: ['a'] })), { maxAge: 300 })
})

const rules = [
  ruleOf('/a', { acr: ['mfa', 'hw'], maxAge: 300 }),
  ruleOf('/b', { scopes: ['s1', 's2'], onMissingScope: 'request', maxAge: 3600 }),
  ruleOf('/c', { scopes: ['fixed'] }),
]
const known = knownWishes(rules)

t.test('what rules may wish for is known', async (t) => {
  t.strictSame(known, {
    scopes: new Set(['s1', 's2']),
    acr: new Set(['mfa', 'hw']),
    maxAges: new Set([300, 3600]),
  })
})

t.test('what an earlier login brought is asked for again, as far as a rule wishes for it', async (t) => {
  const held = granted(['openid', 'fixed', 's1'], { acr: 'hw', auth_time: now - 100 })
  t.strictSame(keepingGains(undefined, held, known, now), { scopes: ['s1'], acr: ['hw'], maxAge: 3600 })
  t.strictSame(
    keepingGains({ scopes: ['s2', 's1'], acr: ['mfa'], maxAge: 300 }, held, known, now),
    { scopes: ['s2', 's1'], acr: ['mfa'], maxAge: 300 },
    'what is wished for is not weakened',
  )
  const old = granted(['openid'], { acr: 'pwd', auth_time: now - 3601 })
  t.equal(keepingGains(undefined, old, known, now), undefined, 'nothing to lose')
  t.strictSame(keepingGains({ acr: ['mfa'] }, old, known, now), { acr: ['mfa'] })
  t.equal(keepingGains(undefined, held, knownWishes([]), now), undefined, 'nobody wishes for it')
})

t.test('a wish that came true leaves nothing, another what it lacks', async (t) => {
  const wish = { scopes: ['a', 'b'], acr: ['mfa'], maxAge: 300 }
  const unmet = (scopes: string[], claims: Claims) => unmetWish([wish], granted(scopes, claims), now)
  t.equal(unmet(['b', 'a', 'c'], { acr: 'mfa', auth_time: now - 300 }), undefined)
  t.strictSame(unmet([], {}), wish)
  t.strictSame(unmet(['a'], { acr: 'mfa', auth_time: now }), { scopes: ['b'] })
  t.strictSame(unmet(['a', 'b'], { acr: 'pwd', auth_time: now }), { acr: ['mfa'] })
  t.strictSame(unmet(['a', 'b'], { acr: 'mfa', auth_time: now - 301 }), { maxAge: 300 })
  t.equal(unmetWish([undefined], granted(), now), undefined)
  t.equal(unmetWish([{}], granted(), now), undefined)
})

t.test('what was asked for in vain before stays known until it is there', async (t) => {
  const before = { scopes: ['a', 'b'], acr: ['hw'], maxAge: 300 }
  const wish = { scopes: ['b', 'c'], acr: ['mfa'], maxAge: 60 }
  t.strictSame(unmetWish([wish, before], granted(), now), {
    scopes: ['b', 'c', 'a'],
    acr: ['mfa', 'hw'],
    maxAge: 300,
  })
  const better = granted(['a', 'b', 'c'], { acr: 'mfa', auth_time: now - 100 })
  t.strictSame(unmetWish([wish, before], better, now), { acr: ['hw'], maxAge: 60 })
  t.strictSame(unmetWish([undefined, before], granted(['a']), now), {
    scopes: ['b'],
    acr: ['hw'],
    maxAge: 300,
  })
})

t.test('scopes are refused when each of them was asked for in vain', async (t) => {
  t.equal(isRefusedScope(undefined, ['a']), false)
  t.equal(isRefusedScope({ acr: ['a'] }, ['a']), false)
  t.equal(isRefusedScope({ scopes: ['a'] }, ['a', 'b']), false)
  t.equal(isRefusedScope({ scopes: ['a', 'b', 'c'] }, ['a', 'b']), true)
})

t.test('a context is refused when each that would do was asked for in vain', async (t) => {
  const isRefused = (acr?: string[]) =>
    isRefusedAuthentication(acr && { acr }, 'acr-insufficient', { acr: ['mfa', 'hw'] })
  t.equal(isRefused(), false)
  t.equal(isRefused(['mfa']), false)
  t.equal(isRefused(['hw', 'mfa']), true)
  t.equal(
    isRefusedAuthentication({ maxAge: 60 }, 'acr-insufficient', { acr: ['mfa'], maxAge: 60 }),
    false,
    'that was another question',
  )
})

t.test('an age is refused when one at least as long was asked for in vain', async (t) => {
  const isRefused = (maxAge: number | undefined, asked?: number) =>
    isRefusedAuthentication(asked === undefined ? {} : { maxAge: asked }, 'authentication-too-old', {
      acr: [],
      ...(maxAge !== undefined && { maxAge }),
    })
  t.equal(isRefused(300), false)
  t.equal(isRefused(300, 60), false, 'it may well give what is easier')
  t.equal(isRefused(300, 300), true)
  t.equal(isRefused(300, 3600), true)
})

t.test('an address asks for what a rule could wish for, and nothing else', async (t) => {
  const read = (query: string) => readWish(new URLSearchParams(query), known)
  t.equal(read(''), undefined)
  t.equal(read('scope=openid%20admin&acr_values=other&max_age=5&prompt=none'), undefined)
  t.equal(read('scope=&acr_values=&max_age='), undefined)
  for (const age of ['', '0', '-300', '300.5', '300x', 'NaN', 'Infinity', '299']) {
    t.equal(read(`max_age=${age}`), undefined, age)
  }
  t.strictSame(read('scope=s2+admin+s2+s1&acr_values=hw+hw+x&max_age=300'), {
    scopes: ['s2', 's1'],
    acr: ['hw'],
    maxAge: 300,
  })
})

t.test('a wish becomes a query and comes back', async (t) => {
  t.equal(wishQuery().toString(), '')
  t.equal(wishQuery({}).toString(), '')
  t.equal(wishQuery({ acr: ['mfa'] }).toString(), 'acr_values=mfa')
  const wish = { scopes: ['s1', 's2'], acr: ['mfa', 'hw'], maxAge: 3600 }
  t.equal(wishQuery(wish).toString(), 'scope=s1+s2&acr_values=mfa+hw&max_age=3600')
  t.strictSame(readWish(wishQuery(wish), known), wish)
})
