import { createHash, createSign, generateKeyPairSync } from 'node:crypto'
import { type CryptoKey, exportJWK, generateKeyPair, importJWK } from 'jose'
import t from 'tap'
import type { Deviations, HostileProvider, IdTokenParts } from '../support/hostile-provider.ts'
import { everythingIn, failure, type Hostile, hostile, now, sessionOf } from './setup.ts'

type Attack = (op: HostileProvider) => Partial<Deviations> | Promise<Partial<Deviations>>

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A token with this header and no or any signature. */
const unsigned =
  (alg: unknown, signature = ''): Attack =>
  () => ({ sign: ({ header, claims }) => `${encode({ ...header, alg })}.${encode(claims)}.${signature}` })

/** Signs well and then spoils the token. */
const spoiled =
  (spoil: (token: string) => string): Attack =>
  (op) => ({ sign: async (parts) => spoil(await op.sign(parts)) })

/** A token signed by ES256 over exactly this header and payload text. */
const literal =
  (write: (parts: IdTokenParts) => [header: string, payload: string]): Attack =>
  (op) => ({
    sign: async (parts) => {
      const [header, payload] = write(parts)
      const input = `${encode(header)}.${encode(payload)}`
      const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
      const signature = await crypto.subtle.sign(algorithm, op.privateKey, Buffer.from(input))
      return `${input}.${Buffer.from(signature).toString('base64url')}`
    },
  })

const claims =
  (changed: Record<string, unknown>): Attack =>
  () => ({ claims: changed })

const header =
  (changed: Record<string, unknown>): Attack =>
  () => ({ header: changed })

const foreignKey: Attack = async (op) => {
  const { privateKey } = await generateKeyPair('ES256')
  return { sign: (parts) => op.sign(parts, privateKey) }
}

/** The token names the attacker's key in its header, in each of the ways there are. */
const keyInHeader =
  (name: 'jku' | 'x5u' | 'jwk' | 'x5c'): Attack =>
  async (op) => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
    const value =
      name === 'jwk' ? await exportJWK(publicKey) : name === 'x5c' ? ['MIIB'] : `${op.issuer}/evil`
    return {
      sign: ({ header, claims }) => op.sign({ header: { ...header, [name]: value }, claims }, privateKey),
    }
  }

const hmac =
  (key: (op: HostileProvider) => string): Attack =>
  (op) => ({
    header: { alg: 'HS256' },
    keys: [op.publicJwk, { kty: 'oct', k: encode(key(op)), alg: 'HS256', kid: 'good' }],
    sign: (parts) => op.sign(parts, new TextEncoder().encode(key(op))),
  })

const smallRsa: Attack = async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const sign = ({ header, claims }: IdTokenParts) => {
    const input = `${encode({ ...header, alg: 'RS256', kid: 'small' })}.${encode(claims)}`
    return `${input}.${createSign('sha256').update(input).sign(privateKey).toString('base64url')}`
  }
  return { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'small' }], sign }
}

const wrongCurve: Attack = async (op) => {
  const { privateKey, publicKey } = await generateKeyPair('ES384', { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid: 'good' }
  return {
    keys: [jwk],
    sign: ({ header, claims }) => op.sign({ header: { ...header, alg: 'ES384' }, claims }, privateKey),
  }
}

const derSignature = spoiled((token) => {
  const [head, body, signature] = token.split('.')
  const raw = Buffer.from(signature as string, 'base64url')
  const integer = (part: Buffer) => Buffer.concat([Buffer.from([2, 33, 0]), part])
  const both = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))])
  const der = Buffer.concat([Buffer.from([48, both.length]), both])
  return `${head}.${body}.${der.toString('base64url')}`
})

const flipped = (index: number) =>
  spoiled((token) => {
    const parts = token.split('.').map((part) => Buffer.from(part, 'base64url'))
    const part = parts[index] as Buffer
    const place = Math.floor(part.length / 2)
    part[place] = (part[place] as number) ^ 1
    return parts.map((piece) => piece.toString('base64url')).join('.')
  })

const deepList = `${'['.repeat(10_000)}${']'.repeat(10_000)}`

const attacks: Record<string, Attack> = {
  'alg none': unsigned('none'),
  'alg NONE': unsigned('NONE'),
  'alg none with a space': unsigned('none '),
  'alg empty': unsigned(''),
  'signature stripped': unsigned('ES256'),
  'alg as a list': unsigned(['ES256'], 'AAAA'),
  'alg null': unsigned(null, 'AAAA'),
  'alg a number': unsigned(256, 'AAAA'),
  'alg unknown': unsigned('RS1', 'AAAA'),
  'four parts': spoiled((token) => `${token}.x`),
  'five parts': spoiled((token) => `${token}.x.y`),
  'a JWE with an endless key derivation': () => ({
    sign: () =>
      `${encode({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2147483647, p2s: 'AAAA' })}.a.b.c.d`,
  }),
  'HS256 with the client secret': hmac((op) => op.clientSecret),
  'HS256 with the public key as secret': hmac((op) => JSON.stringify(op.publicJwk)),
  'an algorithm the metadata lists but the configuration does not': wrongCurve,
  'a signature in DER': derSignature,
  'an RSA key of 1024 bits': smallRsa,
  'an unknown kid': header({ kid: 'unknown' }),
  'kid as a path': header({ kid: '../../../../dev/null' }),
  'kid as a command': header({ kid: '| whoami' }),
  'kid constructor': header({ kid: 'constructor' }),
  'kid of 70 kB': header({ kid: 'x'.repeat(70_000) }),
  'kid with a line break': header({ kid: 'a\nb' }),
  'kid as a list': literal(({ header, claims }) => [
    JSON.stringify({ ...header, kid: ['good'] }),
    JSON.stringify(claims),
  ]),
  'no kid where two keys fit': (op) => ({
    header: { kid: undefined },
    keys: [op.publicJwk, { ...op.publicJwk, kid: 'b' }],
  }),
  'another key': foreignKey,
  'jku of the attacker': keyInHeader('jku'),
  'x5u of the attacker': keyInHeader('x5u'),
  'jwk of the attacker': keyInHeader('jwk'),
  'x5c of the attacker': keyInHeader('x5c'),
  'crit with an unknown name': literal(({ header, claims }) => [
    JSON.stringify({ ...header, crit: ['exp2'], exp2: 1 }),
    JSON.stringify(claims),
  ]),
  'alg twice, none last': literal(({ claims }) => [
    '{"alg":"ES256","kid":"good","alg":"none"}',
    JSON.stringify(claims),
  ]),
  'typ at+jwt': header({ typ: 'at+jwt' }),
  'typ application/at+jwt': header({ typ: 'application/at+jwt' }),
  'typ logout+jwt': header({ typ: 'logout+jwt' }),
  'a header that is no object': literal(({ claims }) => ['[]', JSON.stringify(claims)]),
  'a payload that is a list': literal(({ header }) => [JSON.stringify(header), '[]']),
  'a payload that is a string': literal(({ header }) => [JSON.stringify(header), '"x"']),
  'a payload that is null': literal(({ header }) => [JSON.stringify(header), 'null']),
  'a payload with a byte order mark': literal(({ header, claims }) => [
    JSON.stringify(header),
    `\ufeff\ufeff${JSON.stringify(claims)}`,
  ]),
  'a line break inside the signature': spoiled((token) => `${token.slice(0, -4)}\r\n ${token.slice(-4)}`),
  'white space inside': spoiled((token) => `${token}\r\nX-Evil:1`),
  'a bit of the header flipped': flipped(0),
  'a bit of the payload flipped': flipped(1),
  'a bit of the signature flipped': flipped(2),
  'iss of another issuer': (op) => ({ claims: { iss: `${op.issuer}1` } }),
  'iss with a slash': (op) => ({ claims: { iss: `${op.issuer}/` } }),
  'iss in capitals': (op) => ({ claims: { iss: op.issuer.toUpperCase() } }),
  'iss missing': claims({ iss: undefined }),
  'aud of another client': claims({ aud: 'postern1' }),
  'aud missing': claims({ aud: undefined }),
  'aud in capitals': claims({ aud: 'POSTERN' }),
  'aud with a space': claims({ aud: 'postern ' }),
  'aud as one string of two': claims({ aud: 'postern,other' }),
  'a second audience without azp': claims({ aud: ['postern', 'other'] }),
  'a second audience with a foreign azp': claims({ aud: ['postern', 'other'], azp: 'other' }),
  'one audience and a foreign azp': claims({ azp: 'other' }),
  'exp long past': claims({ exp: now() - 301 }),
  'exp missing': claims({ exp: undefined }),
  'exp as a string': claims({ exp: String(now() + 300) }),
  'nbf in the future': claims({ nbf: now() + 301 }),
  'iat missing': claims({ iat: undefined }),
  'iat a day ago': claims({ iat: now() - 86_400 }),
  'iat in the future': claims({ iat: now() + 120 }),
  'sub missing': claims({ sub: undefined }),
  'sub null': claims({ sub: null }),
  'sub empty': claims({ sub: '' }),
  'sub a number': claims({ sub: 7 }),
  'sub a list': claims({ sub: ['alice'] }),
  'sub of 300 characters': claims({ sub: 'x'.repeat(300) }),
  'sub with a line break': claims({ sub: 'alice\r\nX-Evil: 1' }),
  'sub with NUL': claims({ sub: 'admin\u0000x' }),
  'sub beyond ASCII': claims({ sub: 'alicé' }),
  'nonce missing': claims({ nonce: undefined }),
  'nonce of another login': claims({ nonce: 'another' }),
  'nonce as a list': claims({ nonce: ['x'] }),
  'at_hash wrong': claims({ at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }),
  'at_hash of the full digest': () => ({
    token: { access_token: 'known' },
    claims: { at_hash: createHash('sha256').update('known').digest('base64url') },
  }),
  'at_hash of another algorithm': () => ({
    token: { access_token: 'known' },
    claims: { at_hash: createHash('sha512').update('known').digest().subarray(0, 32).toString('base64url') },
  }),
  'claims nested 10 000 deep': literal(({ header, claims }) => [
    JSON.stringify(header),
    JSON.stringify({ ...claims, deep: 0 }).replace('"deep":0', `"deep":${deepList}`),
  ]),
  'no ID token at all': () => ({ token: { id_token: undefined } }),
  'an ID token that is no string': () => ({ token: { id_token: { sub: 'alice' } } }),
}

async function attempt(at: Hostile, attack: Attack) {
  Object.assign(at.op.deviations, {
    discovery: { id_token_signing_alg_values_supported: ['none', 'HS256', 'ES384'] },
  })
  Object.assign(at.op.deviations, await attack(at.op))
  return at.signIn()
}

t.test('no forged or foreign ID token signs anybody in', async (t) => {
  for (const [name, attack] of Object.entries(attacks)) {
    await t.test(name, async (t) => {
      const at = await hostile(t, { claims_from: ['id_token'] })
      const error = await failure(attempt(at, attack))
      t.equal(error.code, 'POSTERN_PROVIDER_INVALID', error.message)
      t.equal(
        at.op.requests.filter(({ url }) => url.includes('evil')).length,
        0,
        'no address of a header is asked',
      )
      t.notMatch(everythingIn(error), /eyJ/, 'no token in what may be logged')
    })
  }
})

const accepted: Record<string, Attack> = {
  'a decent token': () => ({}),
  'no kid, one key': header({ kid: undefined }),
  'typ JWT': header({ typ: 'JWT' }),
  'typ application/jwt': header({ typ: 'application/jwt' }),
  'no at_hash': claims({ at_hash: undefined }),
  'exp within the tolerance': claims({ exp: now() - 5 }),
  'exp in milliseconds': claims({ exp: Date.now() + 300_000 }),
  'a list of one audience': claims({ aud: ['postern'] }),
  'two audiences, azp ours': claims({ aud: ['postern', 'other'], azp: 'postern' }),
  'keys that are of no use beside the good one': (op) => ({
    keys: [{ kty: 'oct', k: 'AAAA' }, { kty: 'EC', use: 'enc', kid: 'good' }, { kty: 'new' }, op.publicJwk],
  }),
}

t.test('the tolerances are as documented', async (t) => {
  for (const [name, attack] of Object.entries(accepted)) {
    await t.test(name, async (t) => {
      const grant = await attempt(await hostile(t), attack)
      t.equal(grant.sub, 'alice')
    })
  }
})

t.test('an EdDSA token is verified, with at_hash by SHA-512', async (t) => {
  const at = await hostile(t)
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true })
  const half = createHash('sha512').update('known').digest().subarray(0, 32)
  Object.assign(at.op.deviations, {
    keys: [{ ...(await exportJWK(publicKey)), kid: 'good' }],
    header: { alg: 'EdDSA' },
    token: { access_token: 'known' },
    claims: { at_hash: half.toString('base64url') },
    sign: (parts: IdTokenParts) => at.op.sign(parts, privateKey),
  })
  t.equal((await at.signIn()).sub, 'alice')
})

t.test('HS256 is accepted where it is configured, and only with the client secret', async (t) => {
  const at = await hostile(t, { id_token_algorithms: ['HS256'] })
  Object.assign(at.op.deviations, await hmac((op) => op.clientSecret)(at.op))
  t.equal((await at.signIn()).sub, 'alice')
  Object.assign(at.op.deviations, await hmac(() => 'a key from the network')(at.op))
  t.equal((await failure(at.signIn())).code, 'POSTERN_PROVIDER_INVALID')
  const without = await hostile(t, {
    id_token_algorithms: ['HS256'],
    client_secret: undefined,
    client_auth: 'none',
  })
  Object.assign(without.op.deviations, await hmac(() => '')(without.op), {
    sign: (parts: IdTokenParts) => without.op.sign(parts, new TextEncoder().encode('anything')),
  })
  t.equal((await failure(without.signIn())).code, 'POSTERN_PROVIDER_INVALID')
})

t.test('max_age is checked when it was asked for', async (t) => {
  const at = await hostile(t, { authorization_params: { max_age: '60' } })
  t.equal((await at.signIn()).sub, 'alice')
  at.op.deviations.claims = { auth_time: now() - 3600 }
  t.equal((await failure(at.signIn())).code, 'POSTERN_PROVIDER_INVALID')
})

t.test('all times are judged by the clock that was given', async (t) => {
  const at = await hostile(t, {}, { clock: () => now() + 301 + 31 })
  t.match(await failure(at.signIn()), { code: 'POSTERN_PROVIDER_INVALID', detail: /timestamp/ })
})

t.test('a refreshed ID token obeys the same rules and those of a refresh', async (t) => {
  const cases: Record<string, Attack> = {
    'another auth_time': claims({ auth_time: 1 }),
    'another nonce': claims({ nonce: 'another' }),
    'another azp than before': claims({ azp: undefined, auth_time: 1 }),
    'another issuer': claims({ iss: 'https://evil.example' }),
    'another audience': claims({ aud: 'other' }),
    'a foreign key': foreignKey,
    'alg none': unsigned('none'),
  }
  for (const [name, attack] of Object.entries(cases)) {
    await t.test(name, async (t) => {
      const at = await hostile(t)
      at.op.deviations.claims = { azp: 'postern' }
      const session = sessionOf(await at.signIn())
      Object.assign(at.op.deviations, await attack(at.op))
      t.equal((await failure(at.provider.refresh(session))).code, 'POSTERN_PROVIDER_INVALID')
    })
  }
})

t.test('a refresh for somebody else is refused, and its tokens are revoked', async (t) => {
  const at = await hostile(t)
  const session = sessionOf(await at.signIn())
  at.op.deviations.claims = { sub: 'mallory' }
  const error = await failure(at.provider.refresh(session))
  t.match(error, { code: 'POSTERN_GRANT_REFUSED', isSubjectChange: true })
  t.equal(error.detail, 'refreshed ID token has another subject')
  const revoked = at.op.requests
    .filter(({ endpoint }) => endpoint === 'revoke')
    .map(({ parameters }) => parameters['token'])
  t.equal(revoked.length, 2)
  t.notOk(revoked.includes(session.tokens.accessToken))
})

t.test('many tokens with unknown key ids cause two requests for keys at most', async (t) => {
  const at = await hostile(t)
  at.op.deviations.header = { kid: 'made up' }
  const failures = await Promise.all(Array.from({ length: 50 }, () => failure(at.signIn())))
  t.ok(failures.every(({ code }) => code === 'POSTERN_PROVIDER_INVALID'))
  t.ok(at.op.count('jwks') <= 2, `${at.op.count('jwks')} requests`)
  at.op.deviations.header = {}
  t.equal((await at.signIn()).sub, 'alice', 'good tokens are not held up by them')
})

t.test('logins that wait for the same new key ask for it once', async (t) => {
  const at = await hostile(t)
  await at.signIn()
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  at.op.deviations.header = { kid: 'new' }
  at.op.deviations.sign = (parts) => at.op.sign(parts, privateKey)
  at.op.deviations.keys = [{ ...(await exportJWK(publicKey)), kid: 'new' }]
  const bothWait = new Promise<void>((resolve) => {
    at.op.deviations.answer = {
      jwks: async () => {
        await bothWait
        return undefined
      },
      token: () => {
        // The second answer is on its way; when it has been judged the keys may come.
        if (at.op.count('token') === 3) setTimeout(resolve, 100)
        return undefined
      },
    }
  })
  await Promise.all([at.signIn(), at.signIn()])
  t.equal(at.op.count('jwks'), 2)
})

t.test('a new key of the provider is found at once, and the next one after the cool-down', async (t) => {
  let time = now()
  const at = await hostile(t, {}, { clock: () => time })
  await at.signIn()
  const rotate = async (kid: string) => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
    const key = (await importJWK(await exportJWK(privateKey), 'ES256')) as CryptoKey
    at.op.deviations.keys = [{ ...(await exportJWK(publicKey)), kid }]
    at.op.deviations.header = { kid }
    at.op.deviations.sign = (parts) => at.op.sign(parts, key)
  }
  await rotate('second')
  t.equal((await at.signIn()).sub, 'alice')
  await rotate('third')
  await failure(at.signIn())
  time += 30
  t.equal((await at.signIn()).sub, 'alice')
})

t.test(
  'keys are renewed after five minutes, and old ones serve while the provider does not give them',
  async (t) => {
    let time = now()
    const at = await hostile(t, {}, { clock: () => time })
    at.op.deviations.claims = { exp: now() + 3600 }
    await at.signIn()
    time += 299
    await at.signIn()
    t.equal(at.op.count('jwks'), 1)
    time += 2
    at.op.deviations.answer = { jwks: 'drop' }
    t.equal((await at.signIn()).sub, 'alice')
    t.equal(at.op.count('jwks'), 2)
    await at.signIn()
    t.equal(at.op.count('jwks'), 2, 'not asked again at once')
  },
)

t.test('without keys no code and no refresh token is spent', async (t) => {
  const bad: Record<string, Deviations['answer']> = {
    'keys are unreachable': { jwks: 'drop' },
    'keys are not a key set': { jwks: { status: 200, body: { keys: 'none' } } },
    'keys are 101': { jwks: { status: 200, body: { keys: Array(101).fill({ kty: 'EC' }) } } },
    'keys are no JSON': {
      jwks: { status: 200, headers: { 'content-type': 'application/json' }, body: '<html>' },
    },
    'keys are flooded': { jwks: 'flood' },
    'keys are elsewhere': { jwks: { status: 302, headers: { location: 'http://169.254.169.254/' } } },
    'keys are gone': { jwks: { status: 404 } },
  }
  for (const [name, answer] of Object.entries(bad)) {
    await t.test(name, async (t) => {
      const at = await hostile(t)
      at.op.deviations.answer = answer as NonNullable<Deviations['answer']>
      const { code } = await failure(at.signIn())
      t.match(
        code,
        name === 'keys are unreachable' ? 'POSTERN_PROVIDER_UNREACHABLE' : 'POSTERN_PROVIDER_INVALID',
      )
      t.equal(at.op.count('token'), 0)
    })
  }
})
