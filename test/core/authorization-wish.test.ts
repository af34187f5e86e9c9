import t from 'tap'
import {
  isRefusedAuthentication,
  isRefusedScope,
  knownWishes,
  readWish,
  unmetWish,
  wishOf,
  wishQuery,
  withScopes,
} from '../../src/core/authorization-wish.ts'
import { ruleOf } from './rule-of.ts'

const both = { scopes: ['a', 'b'], anyScope: ['b', 'c'] }

t.test('a rule wishes for scopes only where it says so', async (t) => {
  t.equal(wishOf(ruleOf('/x', both)), undefined)
  t.strictSame(wishOf(ruleOf('/x', { ...both, onMissingScope: 'request' })), { scopes: ['a', 'b', 'c'] })
  t.strictSame(wishOf(ruleOf('/x', { ...both, acr: ['g'], maxAge: 60 })), { acr: ['g'], maxAge: 60 })
})

t.test('a wish is met or not part by part', async (t) => {
  const wish = { scopes: ['a', 'b'], acr: ['g'], maxAge: 60 }
  const granted = (scopes: string[], claims: object) =>
    unmetWish(wish, { scopes, claims: { ...claims } }, 1000)
  t.equal(granted(['a', 'b', 'c'], { acr: 'g', auth_time: 950 }), undefined)
  t.strictSame(granted(['a'], { acr: 'x', auth_time: 900 }), { scopes: ['b'], acr: ['g'], maxAge: 60 })
  t.strictSame(granted(['a', 'b'], { acr: 'g' }), { maxAge: 60 })
  t.equal(unmetWish({}, { scopes: [], claims: {} }, 1000), undefined)
})

t.test('what was asked in vain is known, as long as it is the same', async (t) => {
  t.equal(isRefusedScope({ scopes: ['a', 'b'] }, ['b']), true)
  t.equal(isRefusedScope({ scopes: ['a'] }, ['a', 'b']), false)
  t.equal(isRefusedScope(undefined, ['a']), false)
  const gap = 'acr-insufficient'
  t.equal(isRefusedAuthentication({ acr: ['g', 's'] }, gap, { acr: ['s'] }), true)
  t.equal(isRefusedAuthentication({ acr: ['g'] }, gap, { acr: ['g', 's'] }), false)
  t.equal(isRefusedAuthentication(undefined, gap, { acr: ['g'] }), false)
  t.equal(isRefusedAuthentication({ maxAge: 60 }, 'authentication-too-old', { acr: [] }), true)
  t.equal(isRefusedAuthentication({ acr: ['g'] }, 'authentication-too-old', { acr: [] }), false)
})

t.test('scopes are added to a wish once', async (t) => {
  t.strictSame(withScopes({ acr: ['g'], scopes: ['b'] }, ['a', 'b']), { acr: ['g'], scopes: ['a', 'b'] })
  t.strictSame(withScopes({ acr: ['g'] }, []), { acr: ['g'] })
})

t.test('a wish goes through an address, but only as far as some rule wishes for it', async (t) => {
  const known = knownWishes([
    ruleOf('/a', { scopes: ['a'], onMissingScope: 'request' }),
    ruleOf('/b', { scopes: ['b'], acr: ['g'], maxAge: 60 }),
    ruleOf('/c'),
  ])
  const wish = { scopes: ['a'], acr: ['g'], maxAge: 60 }
  t.equal(wishQuery(wish).toString(), 'scope=a&acr_values=g&max_age=60')
  t.equal(wishQuery().toString(), '')
  t.strictSame(readWish(wishQuery(wish), known), wish)
  t.strictSame(readWish(new URLSearchParams('scope=a+b+a+admin&acr_values=g+h&max_age=61'), known), {
    scopes: ['a'],
    acr: ['g'],
  })
  for (const query of ['', 'scope=b&acr_values=&max_age=', 'max_age=6e1x&scope=__proto__'])
    t.equal(readWish(new URLSearchParams(query), known), undefined, query)
})
