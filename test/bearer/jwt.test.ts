import t, { type Test } from 'tap'
import type { IssuerConfig } from '../../src/bearer/bearer-config.ts'
import type { BearerToken } from '../../src/core/bearer-token.ts'
import { audience, makeBearer, makeKey, now, signToken, startServer, verdict } from './key-server.ts'

async function start(t: Test, issuer: Partial<IssuerConfig> = {}, ownClientId?: string) {
  const server = await startServer(t)
  const key = await makeKey('one')
  server.answers['/jwks'] = { keys: [key.jwk] }
  const subject = makeBearer(
    t,
    { issuers: [{ issuer: server.origin, jwks_uri: `${server.origin}/jwks`, ...issuer }] },
    ownClientId,
  )
  const judge = async (claims = {}, header = {}) =>
    verdict(subject, await signToken(key, server.origin, claims, header))
  return { server, key, judge, ...subject, subject }
}

async function bearerOf(outcome: unknown): Promise<BearerToken> {
  const { kind, bearer } = (await outcome) as { kind: string; bearer: BearerToken }
  t.equal(kind, 'verified')
  return bearer
}

t.test('a good token becomes a caller with its claims and scopes, frozen', async (t) => {
  const { bearer, key, server } = await start(t)
  const token = await signToken(key, server.origin, { groups: ['staff'], acr: 'x', auth_time: 5 })
  const caller = await bearerOf(bearer.identify(token))
  t.strictSame(caller, {
    token,
    sub: 'alice',
    claims: { sub: 'alice', iss: server.origin, scope: 'a b', groups: ['staff'], acr: 'x', auth_time: 5 },
    scopes: ['a', 'b'],
    audiences: [audience],
    expiresAt: now + 600,
  })
  t.ok(Object.isFrozen(caller) && Object.isFrozen(caller.claims) && Object.isFrozen(caller.claims['groups']))
})

t.test('issuer, audience, times and form are checked to the letter', async (t) => {
  const { judge, server, subject, key } = await start(t)
  const rows: [string, object, string][] = [
    ['a good one', {}, 'verified'],
    ['one audience of several', { aud: ['x', audience] }, 'verified'],
    ['another audience', { aud: `${audience}/` }, 'token-audience-wrong'],
    ['no audience', { aud: undefined }, 'token-audience-wrong'],
    ['an audience that is no text', { aud: [7, { a: 1 }] }, 'token-audience-wrong'],
    ['another issuer', { iss: `${server.origin}/` }, 'token-issuer-unknown'],
    ['an issuer that is a list', { iss: [server.origin] }, 'token-issuer-unknown'],
    ['no exp', { exp: undefined }, 'token-claims-invalid'],
    ['exp as text', { exp: String(now + 60) }, 'token-claims-invalid'],
    ['exp with a fraction', { exp: now + 60.5 }, 'token-claims-invalid'],
    ['exp beyond all numbers', { exp: 1e300 }, 'token-claims-invalid'],
    ['exp below zero', { exp: -1 }, 'token-expired'],
    ['exp within the tolerance', { exp: now - 29 }, 'verified'],
    ['exp beyond it', { exp: now - 30 }, 'token-expired'],
    ['exp in milliseconds', { exp: now * 1000 }, 'verified'],
    ['nbf within the tolerance', { nbf: now + 30 }, 'verified'],
    ['nbf beyond it', { nbf: now + 31 }, 'token-not-yet-valid'],
    ['nbf as text', { nbf: 'soon' }, 'token-claims-invalid'],
    ['iat in the future', { iat: now + 31 }, 'token-claims-invalid'],
    ['iat as text', { iat: 'today' }, 'token-claims-invalid'],
    ['no iat', { iat: undefined }, 'verified'],
    ['an empty sub', { sub: '' }, 'token-claims-invalid'],
    ['a sub that is no text', { sub: 7 }, 'token-claims-invalid'],
    ['a sub with a NUL', { sub: 'admin\u0000x' }, 'token-claims-invalid'],
    ['a sub with half a character', { sub: 'a\ud800' }, 'token-claims-invalid'],
    ['a sub that is too long', { sub: 'a'.repeat(256) }, 'token-claims-invalid'],
    [
      'claims nested too deep',
      { deep: JSON.parse(`${'['.repeat(50)}${']'.repeat(50)}`) },
      'token-claims-invalid',
    ],
    ['a token bound to a key', { cnf: { jkt: 'x' } }, 'token-claims-invalid'],
  ]
  for (const [name, claims, expected] of rows) t.equal(await judge(claims), expected, name)
  const good = await signToken(key, server.origin)
  t.equal(await verdict(subject, `${good}x`.replace(/.$/, '')), 'verified')
  t.equal(await verdict(subject, good.replace('.', '..')), 'token-malformed')
  t.equal(await verdict(subject, `${good}.x`), 'token-malformed')
  t.equal(await verdict(subject, 'a'.repeat(16_385)), 'token-malformed')
  t.equal(await verdict(subject, 'W10.W10.W10'), 'token-malformed', 'no object')
  t.equal(await verdict(subject, 'e30.e30.e30'), 'token-issuer-unknown', 'nobody’s')
  t.equal(await verdict(subject, 'e30._w.e30'), 'token-malformed', 'no JSON')
})

t.test('another spelling of the same bytes is another token, and none of ours', async (t) => {
  const { key, server, subject } = await start(t)
  const good = await signToken(key, server.origin)
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(good.slice(-1))
  // 64 bytes leave four bits of the last character unused.
  const twin = good.slice(0, -1) + alphabet[last ^ 1]
  t.strictSame(
    Buffer.from(twin.split('.')[2] as string, 'base64url'),
    Buffer.from(good.split('.')[2] as string, 'base64url'),
  )
  t.equal(await verdict(subject, twin), 'token-malformed')
})

t.test('signatures count under the configured algorithms and the keys of the issuer only', async (t) => {
  const { key, server, subject, judge } = await start(t, { algorithms: ['ES256'] })
  const stranger = await makeKey('one')
  t.equal(await verdict(subject, await signToken(stranger, server.origin)), 'token-signature-invalid')
  const rsa = await makeKey('rsa', 'RS256')
  t.equal(await verdict(subject, await signToken(rsa, server.origin)), 'token-algorithm-refused')
  t.equal(await judge({}, { kid: 'other' }), 'token-key-unknown')
  t.equal(
    await judge({}, { jku: 'http://evil.example/jwks', x5u: 'http://evil.example/x' }),
    'verified',
    'not looked at',
  )
  t.equal(await judge({}, { crit: ['exp2'], exp2: 1 }).catch(() => 'cannot be signed'), 'cannot be signed')
  const [, payload = '', signature = ''] = (await signToken(key, server.origin)).split('.')
  const header = (fields: object) => Buffer.from(JSON.stringify(fields)).toString('base64url')
  for (const [fields, expected] of [
    [{ alg: 'none' }, 'token-algorithm-refused'],
    [{ alg: 'HS256', kid: 'one' }, 'token-algorithm-refused'],
    [{ alg: ['ES256'] }, 'token-malformed'],
    [{ alg: 'ES256', crit: ['exp2'], exp2: 1 }, 'token-signature-invalid'],
    [{ alg: 'ES256', kid: ['one'] }, 'token-key-unknown'],
  ] as const) {
    t.equal(
      await verdict(subject, `${header(fields)}.${payload}.${signature}`),
      expected,
      JSON.stringify(fields),
    )
  }
})

t.test('what is no access token is refused by its type and by its looks', async (t) => {
  const plain = { typ: undefined }
  const { judge } = await start(t)
  for (const typ of ['at+jwt', 'AT+JWT', 'application/at+jwt'])
    t.equal(await judge({}, { typ }), 'verified', typ)
  for (const typ of ['JWT', 'jwt', undefined]) t.equal(await judge({}, { typ }), 'verified', String(typ))
  for (const typ of ['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'id_token+jwt', '', 'at+jwtx', 7])
    t.equal(await judge({}, { typ }), 'token-type-wrong', String(typ))
  const foreign: object[] = [
    ...['nonce', 'at_hash', 'c_hash', 's_hash', 'events'].map((name) => ({ [name]: 'x' })),
    { token_use: 'id' },
    ...['ID', 'Refresh', 'Offline', 'Logout'].map((typ) => ({ typ })),
    { scope: undefined, aud: [audience, 'some-client'] },
  ]
  for (const claims of foreign)
    t.equal(await judge(claims, plain), 'token-type-wrong', JSON.stringify(claims))
  for (const claims of [
    { token_use: 'access' },
    { scope: undefined, typ: 'Bearer' },
    { scope: undefined, client_id: 'c', aud: [audience, 'some-client'] },
    { scope: undefined },
    { nonce: 'x', typ: 'Bearer' },
  ])
    t.equal(await judge(claims, plain), 'verified', JSON.stringify(claims))
})

t.test('the configuration may demand one type', async (t) => {
  const strict = await start(t, { type: 'at+jwt' })
  t.equal(await strict.judge({}, { typ: 'at+jwt' }), 'verified')
  t.equal(await strict.judge({}, { typ: 'JWT' }), 'token-type-wrong')
  const lax = await start(t, { type: 'jwt', audience: ['own', audience] }, 'own')
  t.equal(await lax.judge({}, { typ: 'at+jwt' }), 'token-type-wrong')
  t.equal(await lax.judge({ scope: undefined }, { typ: 'JWT' }), 'verified', 'no mark is needed')
  t.equal(
    await lax.judge({ scope: undefined, aud: ['own'] }, { typ: 'JWT' }),
    'token-type-wrong',
    'it may be an ID token',
  )
  t.equal(await lax.judge({ aud: 'own' }, { typ: 'JWT' }), 'verified')
})

t.test('scopes are text split at spaces or a list, and never guessed', async (t) => {
  const scopes = async (claims: object, scope_claim?: string) => {
    const { bearer, key, server } = await start(t, { scope_claim })
    return (
      await bearerOf(bearer.identify(await signToken(key, server.origin, { scope: undefined, ...claims })))
    ).scopes
  }
  t.strictSame(await scopes({ scope: 'a  b a' }), ['a', 'b'])
  t.strictSame(await scopes({ scp: 'a b' }), ['a', 'b'])
  t.strictSame(await scopes({ scp: ['a', 'b'] }), ['a', 'b'])
  t.strictSame(await scopes({ scope: 'a', scp: 'b' }), ['a'])
  t.strictSame(await scopes({ realm: { roles: ['r'] }, scope: 'a' }, 'realm.roles'), ['r'])
  for (const scope of ['read\tadmin', 'a\nb', 'a "b"', ['a', 7], [['a']], { a: 1 }, 7, true, null])
    t.strictSame(await scopes({ scope }), [], JSON.stringify(scope))
})

t.test('a token without a subject names no user', async (t) => {
  const { bearer, key, server } = await start(t)
  const caller = await bearerOf(
    bearer.identify(await signToken(key, server.origin, { sub: undefined, client_id: 'alice' })),
  )
  t.notOk('sub' in caller)
  t.notOk('sub' in caller.claims)
  t.equal(caller.claims['client_id'], 'alice')
})
