import { generateKeyPairSync } from 'node:crypto'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import t from 'tap'
import { createClientAuthentication } from '../../src/provider/client-authentication.ts'
import { configFor, failure, hostile, newLogin, redirectUri } from './setup.ts'

const pair = (curve: string) => generateKeyPairSync('ec', { namedCurve: curve })

const keys = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: pair('P-256'),
  ES384: pair('P-384'),
  ES512: pair('P-521'),
  Ed25519: generateKeyPairSync('ed25519'),
}

t.test('a client assertion is short-lived, unique and for the issuer, whatever the key', async (t) => {
  for (const [algorithm, { privateKey, publicKey }] of Object.entries(keys)) {
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const at = await hostile(t, {
      client_auth: 'private_key_jwt',
      client_key: { pem_or_jwk: pem, key_id: 'ours' },
    })
    await at.signIn()
    await at.signIn()
    const requests = at.op.requests.filter(({ endpoint }) => endpoint === 'token')
    const set = createLocalJWKSet({
      keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'ours' }] as never,
    })
    const seen = new Set<unknown>()
    for (const { parameters, headers } of requests) {
      t.notOk('client_secret' in parameters)
      t.notOk('authorization' in headers)
      const verified = await jwtVerify(parameters['client_assertion'] as string, set, {
        audience: at.op.issuer,
        issuer: 'postern',
        subject: 'postern',
      })
      t.equal(verified.protectedHeader.alg, algorithm)
      t.ok((verified.payload.exp as number) - (verified.payload.iat as number) <= 60)
      t.equal(verified.payload.aud, at.op.issuer, 'one audience, as a string')
      seen.add(verified.payload.jti)
    }
    t.equal(seen.size, 2)
  }
})

t.test('a key may be given as a JWK, which may name its algorithm and id', async (t) => {
  const jwk = keys.RS256.privateKey.export({ format: 'jwk' })
  for (const [given, wanted] of [
    [jwk, { alg: 'RS256' }],
    [
      { ...jwk, alg: 'PS256', kid: 'of the JWK' },
      { alg: 'PS256', kid: 'of the JWK' },
    ],
  ] as const) {
    const at = await hostile(t, {
      client_auth: 'private_key_jwt',
      client_key: { pem_or_jwk: JSON.stringify(given) },
    })
    await at.signIn()
    const request = at.op.requests.find(({ endpoint }) => endpoint === 'token')
    const { alg, kid } = decodeProtectedHeader(request?.parameters['client_assertion'] as string)
    t.match({ alg, kid }, wanted)
  }
})

t.test('a key that cannot be used is told without its text', (t) => {
  const op = { issuer: 'https://op.example', clientId: 'postern', clientSecret: 's' }
  const symmetric = JSON.stringify({ kty: 'oct', k: 'canary' })
  const wrongKind = generateKeyPairSync('x25519')
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString()
  const publicOnly = keys.ES256.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  for (const text of ['canary', '{"canary', 'null', symmetric, wrongKind, publicOnly]) {
    const config = configFor(op, { client_auth: 'private_key_jwt', client_key: { pem_or_jwk: text } })
    t.throws(() => createClientAuthentication(config), {
      message: /^the client key is neither/,
      cause: undefined,
    })
  }
  t.end()
})

t.test('a key that does not fit its algorithm fails the request, not the process', async (t) => {
  const jwk = { ...keys.ES256.privateKey.export({ format: 'jwk' }), alg: 'RS256' }
  const at = await hostile(t, {
    client_auth: 'private_key_jwt',
    client_key: { pem_or_jwk: JSON.stringify(jwk) },
  })
  t.equal((await failure(at.signIn())).code, 'POSTERN_PROVIDER_INVALID')
  t.equal(at.op.count('token'), 0)
})

t.test('a public client and one with its secret in the body send just that', async (t) => {
  for (const client_auth of ['none', 'client_secret_post'] as const) {
    const at = await hostile(t, { client_auth })
    const login = newLogin(at.provider)
    await at.provider.exchange(at.op.callback(redirectUri, login), login)
    const request = at.op.requests.find(({ endpoint }) => endpoint === 'token')
    t.equal(request?.parameters['client_id'], 'postern')
    t.equal(request?.parameters['client_secret'], client_auth === 'none' ? undefined : at.op.clientSecret)
    t.notOk('authorization' in (request?.headers ?? {}))
  }
})
