import t from 'tap'
import {
  authenticationOf,
  claimsBeside,
  mapUserInfo,
  mergeClaims,
  withAuthentication,
} from '../../src/provider/claims.ts'

t.test('names of prototypes are ordinary claims, except the one that is never kept', (t) => {
  const hostileClaims = JSON.parse(
    '{"__proto__":{"admin":true},"constructor":"c","a":{"__proto__":{"x":1},"b":[{"__proto__":1}]}}',
  )
  const claims = mergeClaims('alice', [hostileClaims, Object.assign(Object.create(null), { b: 1 })])
  t.equal(Object.getPrototypeOf(claims), Object.prototype)
  t.equal(claims['admin'], undefined)
  t.strictSame(Object.keys(claims).sort(), ['a', 'b', 'constructor', 'sub'])
  t.notMatch(JSON.stringify(claims), '__proto__')
  t.end()
})

t.test('protocol claims are dropped, those about the person kept', (t) => {
  const names = [
    'iss',
    'sid',
    'acr',
    'amr',
    'auth_time',
    'aud',
    'azp',
    'exp',
    'iat',
    'nbf',
    'jti',
    'nonce',
    'at_hash',
    'c_hash',
    's_hash',
  ]
  const claims = mergeClaims('alice', [Object.fromEntries(names.map((name) => [name, 'x']))])
  t.strictSame(Object.keys(claims).sort(), ['acr', 'amr', 'auth_time', 'iss', 'sid', 'sub'])
  t.end()
})

t.test('merged claims share nothing with their source and cannot be changed', (t) => {
  const source = { groups: ['a'], address: { city: 'x' } }
  const claims = mergeClaims('alice', [source]) as unknown as typeof source
  source.groups.push('b')
  t.strictSame(claims.groups, ['a'])
  t.ok(Object.isFrozen(claims.groups) && Object.isFrozen(claims.address))
  t.end()
})

t.test('nesting has an end', (t) => {
  const nest = (levels: number): unknown => (levels === 0 ? 1 : { a: nest(levels - 1) })
  t.ok(mergeClaims('alice', [{ deep: nest(15) }]))
  t.throws(() => mergeClaims('alice', [{ deep: nest(25) }]), { code: 'POSTERN_PROVIDER_INVALID' })
  t.end()
})

t.test('claims of a source are told apart by name and value', (t) => {
  const claims = { a: [1], b: 2, toString: 3 }
  t.strictSame(claimsBeside(claims, [{ a: [1], b: 3 }]), { b: 2, toString: 3 })
  t.end()
})

t.test('a path finds own members only', (t) => {
  const mapping = { a: 'x.constructor.name', b: '__proto__', c: 'list.length', d: 'x.y' }
  t.strictSame(mapUserInfo({ sub: 's', x: { y: 1 }, list: [1] }, mapping), { sub: 's', d: 1 })
  t.end()
})

t.test('what is said about the authentication has one source, and nothing else of it is taken', (t) => {
  const claims = mergeClaims('alice', [{ acr: 'gold', amr: ['x'], auth_time: 9, name: 'Alice' }])
  const source = { acr: 'pwd', amr: ['pwd'], name: 'Mallory', auth_time: undefined }
  const judged = withAuthentication(claims, source)
  t.strictSame(judged, { name: 'Alice', sub: 'alice', acr: 'pwd', amr: ['pwd'] })
  source.amr.push('mfa')
  t.strictSame(judged['amr'], ['pwd'])
  t.ok(Object.isFrozen(judged) && Object.isFrozen(judged['amr']))
  t.strictSame(withAuthentication(claims, {}), { name: 'Alice', sub: 'alice' })
  t.strictSame(authenticationOf(claims), { acr: 'gold', amr: ['x'], auth_time: 9 })
  t.end()
})
