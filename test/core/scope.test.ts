import t from 'tap'
import { claimValue, missingClaims, missingScopes } from '../../src/core/scope.ts'

t.test('names each of the scopes that were not granted', async (t) => {
  const rule = { scopes: ['a', 'b', 'c'], anyScope: [] }
  t.strictSame(missingScopes(rule, ['b']), ['a', 'c'])
  t.strictSame(missingScopes(rule, ['c', 'b', 'a', 'd']), [])
  t.strictSame(missingScopes({ scopes: [], anyScope: [] }, []), [])
  t.strictSame(missingScopes({ scopes: ['a'], anyScope: [] }, ['A', 'ab', 'a b']), ['a'])
})

t.test('names all alternatives when none of them was granted', async (t) => {
  const rule = { scopes: ['a'], anyScope: ['x', 'y'] }
  t.strictSame(missingScopes(rule, []), ['a', 'x', 'y'])
  t.strictSame(missingScopes(rule, ['a']), ['x', 'y'])
  t.strictSame(missingScopes(rule, ['a', 'y']), [])
  t.strictSame(missingScopes(rule, ['x']), ['a'])
})

const claims = {
  sub: '1',
  level: 1,
  verified: true,
  groups: ['staff', 'dev', 7],
  empty: [],
  realm_access: { roles: ['admin'], list: [{ roles: ['x'] }] },
  'https://example.com/roles': ['editor'],
  'a.b': { c: 'literal' },
  a: { b: { c: 'nested', d: 'deep' }, 'x.y': 'inner' },
  nothing: null,
}

const missing = (name: string, ...values: (string | number | boolean)[]) =>
  missingClaims({ [name]: values }, claims).length > 0

t.test('a claim equals or contains one of the listed values, types included', async (t) => {
  t.equal(missing('sub', '2', '1'), false)
  t.equal(missing('sub', 1), true)
  t.equal(missing('level', 1), false)
  t.equal(missing('level', '1', true), true)
  t.equal(missing('verified', true), false)
  t.equal(missing('verified', 'true', 1), true)
  t.equal(missing('groups', 'ops', 'dev'), false)
  t.equal(missing('groups', 7), false)
  t.equal(missing('groups', 'staff,dev', 'sta', '7'), true)
  t.equal(missing('empty', ''), true)
  t.equal(missing('nothing', 'null', ''), true)
  t.equal(missing('absent', 'undefined', ''), true)
})

t.test('names every missing claim', async (t) => {
  t.strictSame(missingClaims({ sub: ['2'], groups: ['staff'], absent: ['x'] }, claims), ['sub', 'absent'])
  t.strictSame(missingClaims({}, claims), [])
})

t.test('a dotted name reaches into objects, and a key with dots wins', async (t) => {
  t.strictSame(claimValue(claims, 'realm_access.roles'), ['admin'])
  t.strictSame(claimValue(claims, 'https://example.com/roles'), ['editor'])
  t.equal(claimValue(claims, 'a.b.c'), 'literal')
  t.equal(claimValue(claims, 'a.b.d'), 'deep')
  t.equal(claimValue(claims, 'a.x.y'), 'inner')
  for (const name of [
    'realm_access.none',
    'realm_access.list.roles',
    'realm_access.roles.0',
    'sub.length',
    'nothing.x',
    '.a',
    'a.',
    '',
  ]) {
    t.equal(claimValue(claims, name), undefined, name)
  }
})

t.test('a name never reaches a prototype', async (t) => {
  for (const name of [
    '__proto__',
    'constructor',
    'constructor.name',
    'realm_access.__proto__',
    'groups.length',
    'a.toString',
  ]) {
    t.equal(claimValue(claims, name), undefined, name)
  }
  const own = JSON.parse('{"__proto__": {"roles": "x"}}')
  t.equal(claimValue(own, '__proto__.roles'), 'x')
})
