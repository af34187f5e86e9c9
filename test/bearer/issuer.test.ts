import { randomBytes } from 'node:crypto'
import t from 'tap'
import type { BearerToken } from '../../src/core/bearer-token.ts'
import { audience, makeBearer, makeKey, signToken, startServer, verdict } from './key-server.ts'

t.test(
  'a token that was seen is known at once, until it ends, and is verified anew now and then',
  async (t) => {
    const server = await startServer(t)
    const [key, next] = [await makeKey('one'), await makeKey('two')]
    server.answers['/jwks'] = { keys: [key.jwk] }
    const subject = makeBearer(t, { issuers: [{ issuer: server.origin, jwks_uri: `${server.origin}/jwks` }] })
    const { bearer, clock } = subject
    const token = await signToken(key, server.origin)
    const first = (await bearer.identify(token)) as { bearer: BearerToken }
    const again = bearer.identify(token) as { bearer: BearerToken }
    t.equal(again.bearer, first.bearer, 'the same caller, without a promise')
    clock.now += 299
    t.notOk(bearer.identify(token) instanceof Promise)
    clock.now += 1
    server.answers['/jwks'] = { keys: [next.jwk] }
    t.equal(await verdict(subject, token), 'token-key-unknown', 'its key was withdrawn')
    server.answers['/jwks'] = { keys: [key.jwk] }
    clock.now += 301
    t.equal(await verdict(subject, token), 'verified', 'within the tolerance')
    clock.now += 30
    t.equal(await verdict(subject, token), 'token-expired')
  },
)

t.test('parallel first sights of one token are one verification', async (t) => {
  const server = await startServer(t)
  const key = await makeKey('one')
  server.answers['/jwks'] = { keys: [key.jwk] }
  const { bearer } = makeBearer(t, {
    issuers: [{ issuer: server.origin, jwks_uri: `${server.origin}/jwks` }],
  })
  const token = await signToken(key, server.origin)
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => bearer.identify(token)))
  t.equal(new Set(outcomes).size, 1)
  t.equal(server.count('/jwks'), 1)
})

t.test('two issuers with the same key id never stand in for each other', async (t) => {
  const [one, two] = [await startServer(t), await startServer(t)]
  const keys = [await makeKey('same'), await makeKey('same')] as const
  one.answers['/jwks'] = { keys: [keys[0].jwk] }
  two.answers['/jwks'] = { keys: [keys[1].jwk] }
  const subject = makeBearer(t, {
    issuers: [
      { issuer: one.origin, jwks_uri: `${one.origin}/jwks`, audience: ['a'] },
      { issuer: two.origin, jwks_uri: `${two.origin}/jwks`, audience: ['b'] },
    ],
  })
  for (let n = 0; n < 2; n += 1) {
    t.equal(await verdict(subject, await signToken(keys[0], one.origin, { aud: 'a' })), 'verified')
    t.equal(await verdict(subject, await signToken(keys[1], two.origin, { aud: 'b' })), 'verified')
    t.equal(
      await verdict(subject, await signToken(keys[0], one.origin, { aud: 'b' })),
      'token-audience-wrong',
    )
    t.equal(
      await verdict(subject, await signToken(keys[0], two.origin, { aud: 'b' })),
      'token-signature-invalid',
    )
  }
})

t.test('made-up key ids cannot flood the issuer, and a new key is found', async (t) => {
  const server = await startServer(t)
  const [key, next] = [await makeKey('one'), await makeKey('two')]
  server.answers['/jwks'] = { keys: [key.jwk] }
  const subject = makeBearer(t, { issuers: [{ issuer: server.origin, jwks_uri: `${server.origin}/jwks` }] })
  t.equal(await verdict(subject, await signToken(key, server.origin)), 'verified')
  const made = await signToken(key, server.origin)
  const [, payload, signature] = made.split('.')
  const madeUp = () => {
    const header = { alg: 'ES256', typ: 'at+jwt', kid: randomBytes(8).toString('hex') }
    return [Buffer.from(JSON.stringify(header)).toString('base64url'), payload, signature].join('.')
  }
  const verdicts = await Promise.all(Array.from({ length: 10_000 }, () => verdict(subject, madeUp())))
  t.strictSame([...new Set(verdicts)], ['token-key-unknown'])
  t.ok(server.count('/jwks') <= 2, String(server.count('/jwks')))
  server.answers['/jwks'] = { keys: [key.jwk, next.jwk] }
  t.equal(await verdict(subject, await signToken(next, server.origin)), 'token-key-unknown', 'the cool-down')
  subject.clock.now += 30
  t.equal(await verdict(subject, await signToken(next, server.origin)), 'verified')
})

t.test('keys that are known outlive their issuer; unknown ones cannot be judged', async (t) => {
  const server = await startServer(t)
  const key = await makeKey('one')
  server.answers['/jwks'] = { keys: [key.jwk] }
  const subject = makeBearer(t, { issuers: [{ issuer: server.origin, jwks_uri: `${server.origin}/jwks` }] })
  t.equal(await verdict(subject, await signToken(key, server.origin)), 'verified')
  await server.stop()
  subject.clock.now += 400
  t.equal(await verdict(subject, await signToken(key, server.origin, { jti: '2' })), 'verified')
  t.equal(
    await verdict(subject, await signToken({ ...key, kid: 'new' }, server.origin)),
    'unavailable',
    'its key may be a new one',
  )
  const other = makeBearer(t, { issuers: [{ issuer: server.origin, jwks_uri: `${server.origin}/jwks` }] })
  t.match(await other.bearer.identify(await signToken(key, server.origin)), {
    kind: 'unavailable',
    retryAfter: 5,
  })
  t.match(other.bearer.readiness(), { [server.origin]: { ok: false, reason: /ECONNREFUSED/ } })
  t.match(JSON.stringify(other.lines), 'a token cannot be judged')
})

t.test('a key set that is none is no fault of the token', async (t) => {
  const server = await startServer(t)
  const key = await makeKey('one')
  server.answers['/jwks'] = { keys: [key.jwk] }
  const subject = makeBearer(t, { issuers: [{ issuer: server.origin, jwks_uri: `${server.origin}/jwks` }] })
  t.equal(await verdict(subject, await signToken(key, server.origin)), 'verified')
  server.answers['/jwks'] = { keys: 'none' }
  t.equal(await verdict(subject, await signToken({ ...key, kid: 'new' }, server.origin)), 'unavailable')
  t.equal(await verdict(subject, await signToken(key, server.origin, { jti: '2' })), 'verified')
})

t.test('where several keys could have signed a token, it must say which', async (t) => {
  const server = await startServer(t)
  const [key, other] = [await makeKey('one'), await makeKey('two')]
  server.answers['/jwks'] = { keys: [key.jwk, other.jwk] }
  const subject = makeBearer(t, { issuers: [{ issuer: server.origin, jwks_uri: `${server.origin}/jwks` }] })
  t.equal(
    await verdict(subject, await signToken(key, server.origin, {}, { kid: undefined })),
    'token-key-unknown',
  )
  server.answers['/jwks'] = { keys: [key.jwk] }
  subject.clock.now += 301
  t.equal(await verdict(subject, await signToken(key, server.origin, {}, { kid: undefined })), 'verified')
})

const good = (origin: string) => ({ issuer: origin, jwks_uri: `${origin}/jwks` })

t.test('the keys are discovered by either standard, for an issuer with a path too', async (t) => {
  for (const path of ['', '/tenant']) {
    for (const address of [
      `${path}/.well-known/openid-configuration`,
      `/.well-known/oauth-authorization-server${path}`,
    ]) {
      const server = await startServer(t)
      const key = await makeKey('one')
      const issuer = server.origin + path
      server.answers[address] = { issuer, jwks_uri: `${server.origin}/jwks` }
      server.answers['/jwks'] = { keys: [key.jwk] }
      const subject = makeBearer(t, { issuers: [{ issuer }] })
      subject.bearer.start()
      t.equal(await verdict(subject, await signToken(key, issuer)), 'verified', address)
      t.strictSame(subject.bearer.readiness(), { [issuer]: { ok: true } })
      t.equal(server.count('/jwks'), 1)
    }
  }
})

t.test('a document that is not to be believed leaves the tokens unjudged', async (t) => {
  const documents: [string, (origin: string) => object][] = [
    ['another issuer', (origin) => ({ ...good(origin), issuer: `${origin}/` })],
    ['no keys', (origin) => ({ issuer: origin })],
    ['keys over http elsewhere', (origin) => ({ ...good(origin), jwks_uri: 'http://keys.example.com/jwks' })],
    ['no object', () => []],
  ]
  for (const [name, document] of documents) {
    const server = await startServer(t)
    server.answers['/.well-known/openid-configuration'] = document(server.origin)
    const subject = makeBearer(t, { issuers: [{ issuer: server.origin }] })
    const token = await signToken(await makeKey('one'), server.origin)
    t.equal(await verdict(subject, token), 'unavailable', name)
    t.strictSame(
      server.asked.at(-1),
      '/.well-known/oauth-authorization-server',
      'the other standard was tried',
    )
    t.match(subject.bearer.readiness()[server.origin], { ok: false, reason: /discovery failed/ })
  }
})

t.test('an issuer that cannot be reached is asked one way only', async (t) => {
  const server = await startServer(t)
  server.answers['/.well-known/openid-configuration'] = (response: {
    writeHead: (status: number) => { end: () => void }
  }) => response.writeHead(503).end()
  const subject = makeBearer(t, { issuers: [{ issuer: server.origin }] })
  t.equal(await verdict(subject, await signToken(await makeKey('one'), server.origin)), 'unavailable')
  t.strictSame(server.asked, ['/.well-known/openid-configuration'])
})

t.test('nobody else’s tokens are ever judged', async (t) => {
  const server = await startServer(t)
  const subject = makeBearer(t, { issuers: [{ issuer: server.origin, jwks_uri: `${server.origin}/jwks` }] })
  t.equal(
    await verdict(
      subject,
      await signToken(await makeKey('one'), 'https://other.example.com', { aud: audience }),
    ),
    'token-issuer-unknown',
  )
  t.strictSame(server.asked, [])
})
