import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { generateKeyPair } from 'jose'
import type { Test } from 'tap'
import { createBrowser } from '../../support/browser.ts'
import type { Deviations, HostileProvider, IdTokenParts, Misdeed } from '../../support/hostile-provider.ts'
import { expectNoStrangers, expectSignedIn, hasSession, signIn } from '../hostile-scene.ts'
import { type Check, type Checks, deviating, json, refreshes, refused } from './case.ts'

const token = (members: Record<string, unknown>) => ({ token: members })

/** Ways in which any endpoint can misbehave. */
const misdeeds: Readonly<Record<string, Misdeed>> = {
  '500': { status: 500 },
  '502 with HTML': { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>Bad Gateway</h1>' },
  '503': { status: 503, headers: { 'retry-after': '5' } },
  '429': { status: 429 },
  '404': { status: 404 },
  '204': { status: 204 },
  'a redirect inside': { status: 302, headers: { location: 'http://169.254.169.254/' } },
  'a redirect outside': { status: 307, headers: { location: 'https://evil.example/token' } },
  'a redirect that keeps the body': { status: 308, headers: { location: '/token2' } },
  HTML: { status: 200, headers: { 'content-type': 'text/html' }, body: '<script>alert(1)</script>' },
  'a list': json('[]'),
  null: json('null'),
  text: json('"x"'),
  'half of it': json('{"access_token":"a'),
  nothing: { status: 200, headers: { 'content-type': 'application/json' } },
  '5 MB': json(`{"x":"${'x'.repeat(5_000_000)}"}`),
  'a gzip bomb': json(gzipSync(Buffer.alloc(50_000_000, ' ')) as never, { 'content-encoding': 'gzip' }),
  'broken gzip': json('no gzip', { 'content-encoding': 'gzip' }),
  'nested 100 000 deep': json(`{"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
  hang: 'hang',
  drop: 'drop',
  drip: 'drip',
  flood: 'flood',
}

const at = (endpoint: 'token' | 'userinfo') =>
  Object.fromEntries(
    Object.entries(misdeeds).map(([name, misdeed]) => [name, { answer: { [endpoint]: misdeed } }]),
  )

export const tokenChecks: Checks = {
  'TK-answer': refused(at('token'), 1),
  'TK-error': refused(
    Object.fromEntries(
      ['invalid_grant', 'invalid_client', 'invalid_request', 'odd', '<script>', '', 7].flatMap((error) =>
        [400, 401, 200].map((status) => [
          `${status} ${error}`,
          { answer: { token: { status, body: { error, error_description: '<script>alert(1)</script>' } } } },
        ]),
      ),
    ),
    1,
  ),
  'TK-type': refused(
    Object.fromEntries(
      ['mac', 'DPoP', 'N_A', '', 'Bearer ', undefined, null, 7, ['Bearer']].map((value) => [
        String(JSON.stringify(value)),
        token({ token_type: value }),
      ]),
    ),
    1,
  ),
  'TK-type-case': (t) =>
    accepted(
      t,
      ['bearer', 'BEARER', 'bEARER'].map((value) => token({ token_type: value })),
    ),
  'TK-lifetime': lifetimes,
  'TK-id-token': refused(
    {
      missing: token({ id_token: undefined }),
      null: token({ id_token: null }),
      empty: token({ id_token: '' }),
      'an object': token({ id_token: { sub: 'alice' } }),
      'a list': token({ id_token: ['a.b.c'] }),
      'no JWT': token({ id_token: 'abc' }),
      '2 MB': token({ id_token: 'x'.repeat(2_000_000) }),
    },
    1,
  ),
  'TK-prototype': prototypeMembers,
  'TK-no-refresh-token': noRefreshToken,
  'TK-scope-less': fewerScopes,
  'TK-claims-unsigned': forgedAccessToken,
  'UI-answer': refused(at('userinfo'), 1),
  'UI-subject': refused(
    Object.fromEntries(
      [
        undefined,
        null,
        '',
        7,
        ['alice'],
        { sub: 'alice' },
        'mallory',
        'ALICE',
        'alice ',
        'alice\0',
        true,
      ].map((sub) => [String(JSON.stringify(sub)), { userinfo: { sub, email: 'a@b.example' } }]),
    ),
    1,
  ),
  'UI-JWT': refused(
    {
      unsigned: userInfoJwt(
        () => `${encode({ alg: 'none' })}.${encode({ sub: 'alice', groups: ['staff'] })}.`,
      ),
      'as JSON text': { answer: { userinfo: json(JSON.stringify(`${encode({ alg: 'none' })}.e30.`)) } },
      'by the attacker': userInfoJwt(
        () => `${encode({ alg: 'ES256', kid: 'good' })}.${encode({ sub: 'alice' })}.${'A'.repeat(86)}`,
      ),
    },
    1,
  ),
  'UI-authentication': userInfoAuthentication,
  'RF-id-token': refreshRefused({
    'alg none': { sign: ({ header, claims }) => `${encode({ ...header, alg: 'none' })}.${encode(claims)}.` },
    'a foreign key': { sign: byForeignKey },
    'another issuer': { claims: { iss: 'https://evil.example' } },
    'another audience': { claims: { aud: 'other' } },
    'another azp': { claims: { azp: 'other' } },
    'another auth_time': { claims: { auth_time: 1 } },
    'no iat': { claims: { iat: undefined } },
    'no sub': { claims: { sub: undefined } },
    'a wrong at_hash': { claims: { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' } },
    'no JWT': token({ id_token: 'abc' }),
  }),
  'RF-answer': refreshRefused(at('token')),
  'RF-token': refreshRefused({
    mac: token({ token_type: 'mac' }),
    'no type': token({ token_type: undefined }),
    'a line break': { token: { access_token: 'a\r\nX-Evil: 1' }, claims: { at_hash: undefined } },
    'no access token': token({ access_token: undefined }),
  }),
  'RF-subject': subjectChanged,
  'RF-no-id-token': noIdTokenAtRefresh,
  'RF-refused': refreshEnds,
  'RF-client-refused': clientRefused,
  'RF-many': manyAtOnce,
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function userInfoJwt(write: () => string): Partial<Deviations> {
  return {
    answer: { userinfo: { status: 200, headers: { 'content-type': 'application/jwt' }, body: write() } },
  }
}

async function byForeignKey(parts: IdTokenParts): Promise<string> {
  const { SignJWT } = await import('jose')
  const { privateKey } = await generateKeyPair('ES256')
  return new SignJWT(parts.claims).setProtectedHeader(parts.header as never).sign(privateKey)
}

async function accepted(t: Test, ways: readonly Partial<Deviations>[]): Promise<void> {
  for (const way of ways) {
    const scene = await deviating(t, way)
    expectSignedIn(t, scene, await signIn(scene))
  }
}

/** However long an access token is said to live, the gateway neither crashes nor takes it for endless. */
async function lifetimes(t: Test): Promise<void> {
  for (const value of [undefined, null, 0, -1, '3600', 'soon', '', 1e12, 1e300, 0.5, [3600], {}, true]) {
    await t.test(String(JSON.stringify(value)), async (t) => {
      const scene = await deviating(t, token({ expires_in: value }))
      const page = await signIn(scene)
      t.ok([200, 401, 502, 503].includes(page.status) || page.status === 400, String(page.status))
      scene.gateway.advance(366 * 24 * 3600)
      const before = scene.upstream.bytes()
      const answer = await scene.browser.fetch(`${scene.gateway.origin}/deep`)
      t.not(answer.status, 200, 'nothing lasts a year')
      t.equal(scene.upstream.bytes(), before)
      expectNoStrangers(t, scene)
    })
  }
}

/** Members that every object has change nothing. */
async function prototypeMembers(t: Test): Promise<void> {
  const evil = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"sub":"alice"}'
  const scene = await deviating(t, { answer: { userinfo: json(evil) }, claims: JSON.parse(evil) })
  const page = await signIn(scene)
  t.ok([200, 502].includes(page.status))
  t.equal(({} as Record<string, unknown>)['polluted'], undefined)
}

async function noRefreshToken(t: Test): Promise<void> {
  const scene = await deviating(t, token({ refresh_token: undefined }))
  expectSignedIn(t, scene, await signIn(scene))
  const before = scene.upstream.bytes()
  scene.gateway.advance(301)
  t.equal((await scene.browser.fetch(`${scene.gateway.origin}/deep`)).status, 401)
  t.equal(scene.upstream.bytes(), before, 'an expired access token is not forwarded')
}

/** Fewer scopes than were asked for: 403 where they are needed, and no loop. */
async function fewerScopes(t: Test): Promise<void> {
  const scene = await deviating(t, token({ scope: 'openid' }), {
    routes: ['path: /**, access: authenticated', 'path: /admin/**, scopes: [admin]'],
    providerKeys: 'scopes: [openid, admin]',
  })
  const page = await signIn(scene, '/admin/x')
  t.equal(page.status, 403)
  t.equal(scene.op.count('authorize'), 1)
  t.equal(scene.upstream.bytes(), '')
}

/** What an access token that nobody signed says is not believed. */
async function forgedAccessToken(t: Test): Promise<void> {
  const claims = (op: HostileProvider) => ({
    iss: op.issuer,
    sub: 'alice',
    groups: ['staff'],
    exp: 4_000_000_000,
  })
  const scene = await deviating(
    t,
    (op) => ({
      token: {
        access_token: `${encode({ alg: 'ES256', kid: 'good' })}.${encode(claims(op))}.${'A'.repeat(86)}`,
      },
      claims: { at_hash: undefined },
    }),
    {
      routes: ['path: /**, access: authenticated', 'path: /staff/**, claims: { groups: [staff] }'],
      providerKeys: 'claims_from: [id_token, access_token]',
    },
  )
  expectSignedIn(t, scene, await signIn(scene))
  t.equal((await scene.browser.fetch(`${scene.gateway.origin}/staff/x`)).status, 403)
}

/** How somebody authenticated is what the signed token says, not what UserInfo adds. */
async function userInfoAuthentication(t: Test): Promise<void> {
  const scene = await deviating(
    t,
    {
      userinfo: {
        sub: 'alice',
        acr: 'gold',
        auth_time: 4_000_000_000,
        amr: ['mfa'],
        iss: 'https://evil.example',
      },
    },
    { routes: ['path: /**, access: authenticated', 'path: /vault/**, access: authenticated, acr: [gold]'] },
  )
  expectSignedIn(t, scene, await signIn(scene))
  t.equal((await scene.browser.fetch(`${scene.gateway.origin}/vault/x`)).status, 401)
}

/** Refreshes that fail: the new token is not used, and the upstream sees no expired one. */
function refreshRefused(ways: Readonly<Record<string, Partial<Deviations>>>): Check {
  return async (t) => {
    for (const [name, way] of Object.entries(ways)) {
      await t.test(name, async (t) => {
        const scene = await deviating(t, {})
        expectSignedIn(t, scene, await signIn(scene))
        const before = scene.upstream.bytes()
        scene.gateway.advance(301)
        Object.assign(scene.op.deviations, way)
        const answer = await scene.browser.fetch(`${scene.gateway.origin}/deep`)
        t.ok([401, 502, 503].includes(answer.status), String(answer.status))
        t.notMatch(answer.body, /eyJ|<script/)
        t.ok(
          refreshes(scene) <= 2,
          'the refresh token was sent once, or once more where no whole answer came',
        )
        t.equal(scene.upstream.bytes(), before)
        expectNoStrangers(t, scene)
      })
    }
  }
}

async function subjectChanged(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  expectSignedIn(t, scene, await signIn(scene))
  const before = scene.upstream.bytes()
  scene.gateway.advance(301)
  scene.op.deviations.claims = { sub: 'mallory' }
  t.equal((await scene.browser.fetch(`${scene.gateway.origin}/deep`)).status, 401)
  t.notOk(hasSession(scene), 'the session is over')
  scene.op.deviations.claims = {}
  t.equal((await scene.browser.fetch(`${scene.gateway.origin}/deep`)).status, 401)
  t.equal(scene.upstream.bytes(), before)
}

async function noIdTokenAtRefresh(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  expectSignedIn(t, scene, await signIn(scene))
  scene.gateway.advance(301)
  scene.op.deviations.token = { id_token: undefined }
  t.equal((await scene.browser.fetch(`${scene.gateway.origin}/deep`)).status, 200)
  t.match(scene.upstream.bytes().split('\r\n\r\n')[1], 'X-Forwarded-User: alice')
}

async function refreshEnds(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  expectSignedIn(t, scene, await signIn(scene))
  const before = scene.upstream.bytes()
  scene.gateway.advance(301)
  scene.op.deviations.answer = { token: { status: 400, body: { error: 'invalid_grant' } } }
  t.equal((await scene.browser.fetch(`${scene.gateway.origin}/deep`)).status, 401)
  t.notOk(hasSession(scene))
  t.equal(scene.upstream.bytes(), before)
}

/** That the provider does not know us any more is our own problem: people keep their sessions. */
async function clientRefused(t: Test): Promise<void> {
  const scene = await deviating(t, {}, { providerKeys: 'clock_tolerance: 10m' })
  expectSignedIn(t, scene, await signIn(scene))
  scene.gateway.advance(301)
  scene.op.deviations.answer = { token: { status: 401, body: { error: 'invalid_client' } } }
  t.equal((await scene.browser.fetch(`${scene.gateway.origin}/deep`)).status, 502)
  t.ok(hasSession(scene))
  scene.op.deviations.answer = {}
  scene.gateway.advance(60)
  t.equal((await scene.browser.fetch(`${scene.gateway.origin}/deep`)).status, 200)
}

/** Twenty people refresh at the same instant, and each gets a token of their own. */
async function manyAtOnce(t: Test): Promise<void> {
  const names = new Map<string, string>()
  const owners = new Map<string, string>()
  const scene = await deviating(
    t,
    (op) => ({
      userinfo: undefined,
      sign: ({ header, claims }) => {
        const nonce = String(claims['nonce'])
        const sub = names.get(nonce) ?? `user-${names.size}`
        names.set(nonce, sub)
        owners.set(String(claims['at_hash']), sub)
        return op.sign({ header, claims: { ...claims, sub } })
      },
    }),
    { providerKeys: 'claims_from: [id_token]' },
  )
  const browsers = Array.from({ length: 20 }, () => createBrowser())
  for (const browser of browsers) t.equal((await signIn({ ...scene, browser })).status, 200)
  scene.gateway.advance(301)
  const answers = await Promise.all(browsers.map((browser) => browser.fetch(`${scene.gateway.origin}/late`)))
  t.ok(answers.every(({ status }) => status === 200))
  t.equal(refreshes(scene), 20)
  const heads = scene.upstream.bytes().split('\r\n\r\n').slice(0, -1)
  t.equal(heads.length, 40)
  for (const head of heads) {
    const [, bearer = ''] = head.match(/^authorization: Bearer (.*)$/im) ?? []
    const hash = createHash('sha256').update(bearer).digest().subarray(0, 16).toString('base64url')
    t.equal(head.match(/^x-forwarded-user: (.*)$/im)?.[1], owners.get(hash))
  }
}
