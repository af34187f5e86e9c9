import { gzipSync } from 'node:zlib'
import type { Test } from 'tap'
import { createBrowser } from '../support/browser.ts'
import type { HostileProvider, Misdeed } from '../support/hostile-provider.ts'
import { signed } from './forgeries.ts'
import {
  expectNobody,
  expectNoStrangers,
  expectSignedIn,
  type HostileScene,
  hasSession,
  signIn,
  startHostileScene,
} from './hostile-scene.ts'
import { forge } from './id-token-forger.ts'
import { named } from './rows.ts'

type Check = (t: Test) => Promise<void>

/** Rows that more happens in than one login with one forged token. */
export const idTokenChecks: Readonly<Record<string, Check>> = {
  J027: manyUnknownKeys,
  J087: endlessToken,
  J095: (t) => refreshed(t, { sub: 'mallory' }, true),
  J097: (t) => refreshed(t, { nonce: 'another' }, false),
  J103: weakAuthentication,
  J115: endlessKeys,
  J117: redirectedKeys,
  J127: (t) =>
    claimedScopes(t, [['admin'], [['admin']], { admin: true }, 1, 'read\tadmin', 'admin', 'read admin']),
  J129: (t) => claimedScopes(t, ['Admin', 'ADMIN']),
  J131: oddEmails,
  J133: foreignNames,
  J135: oddAccessTokens,
}

/** A thousand logins, each with a key id of its own: the provider is asked for its keys twice at most. */
async function manyUnknownKeys(t: Test): Promise<void> {
  let tokens = 0
  const start = Math.floor(Date.now() / 1000)
  const scene = await startHostileScene(t, {
    prepare: (op) =>
      forge(op, {
        token: (base) => {
          tokens += 1
          return signed(base, { header: { kid: `unknown-${tokens}` } })
        },
      }),
    providerKeys: 'claims_from: [id_token], clock_tolerance: 5m',
    level: 'fatal',
    clock: () => start,
  })
  for (let batch = 0; batch < 20; batch += 1) {
    const pages = Array.from({ length: 50 }, () => createBrowser().navigate(`${scene.gateway.origin}/deep`))
    const statuses = (await Promise.all(pages)).map(({ status }) => status)
    t.ok(statuses.every((status) => status === 502))
  }
  t.equal(tokens, 1000)
  t.ok(scene.op.count('jwks') <= 2, `${scene.op.count('jwks')} requests for keys`)
  t.equal(scene.upstream.bytes(), '')
}

/** A token that hardly ever ends is accepted, and its session ends all the same. */
async function endlessToken(t: Test): Promise<void> {
  const scene = await startHostileScene(t, {
    prepare: (op) => {
      op.deviations.claims = { exp: 1.7e12 }
      op.deviations.accessTokenTtl = 1.7e12
    },
    session: 'absolute_lifetime: 1h, idle_timeout: none',
  })
  expectSignedIn(t, scene, await signIn(scene))
  const { gateway, browser } = scene
  gateway.advance(3500)
  t.equal((await browser.fetch(`${gateway.origin}/deep`)).status, 200)
  gateway.advance(101)
  t.equal((await browser.fetch(`${gateway.origin}/deep`)).status, 401)
}

async function refreshed(t: Test, claims: Record<string, unknown>, isEnd: boolean): Promise<void> {
  const scene = await startHostileScene(t, { providerKeys: 'claims_from: [id_token]' })
  expectSignedIn(t, scene, await signIn(scene))
  const { op, gateway, browser, upstream } = scene
  const before = upstream.bytes()
  op.deviations.claims = claims
  gateway.advance(301)
  const answer = await browser.fetch(`${gateway.origin}/deep`)
  t.equal(op.requests.filter(({ parameters }) => parameters['grant_type'] === 'refresh_token').length, 1)
  t.equal(answer.status, isEnd ? 401 : 502)
  t.equal(hasSession(scene), !isEnd, isEnd ? 'the session is over' : 'the session is kept, unused')
  t.equal(upstream.bytes(), before, 'the upstream never sees the new token')
  expectNoStrangers(t, scene)
}

/** The provider answers with a weaker authentication than was asked for: told on a page, and no loop. */
async function weakAuthentication(t: Test): Promise<void> {
  const scene = await startHostileScene(t, {
    routes: ['path: /**, access: authenticated', 'path: /vault/**, access: authenticated, acr: [acr2]'],
    prepare: (op) => {
      op.deviations.claims = { acr: 'acr1' }
    },
  })
  const page = await signIn(scene, '/vault/x')
  t.equal(page.status, 403)
  t.match(page.body, /stronger sign-in/)
  t.equal(scene.upstream.bytes(), '')
  t.ok(scene.op.count('authorize') <= 2, 'no loop')
  const asked = scene.op.requests.filter(({ endpoint }) => endpoint === 'authorize').at(-1)
  t.equal(asked?.parameters['acr_values'], 'acr2')
}

const manyKeys = (op: HostileProvider) =>
  Array.from({ length: 10_000 }, (_, index) => ({
    ...op.publicJwk,
    kid: index === 0 ? 'good' : `key-${index}`,
  }))

/** Key sets that nobody should read to the end. */
export const endlessKeySets: Readonly<Record<string, (op: HostileProvider) => Misdeed>> = {
  '10 000 keys': (op) => ({ status: 200, body: { keys: manyKeys(op) } }),
  '101 keys': (op) => ({ status: 200, body: { keys: manyKeys(op).slice(0, 101) } }),
  '20 MB': (op) => ({ status: 200, body: { keys: [op.publicJwk], more: 'x'.repeat(20_000_000) } }),
  'a body without an end': () => 'flood',
  'a body that drips': () => 'drip',
  'a gzip bomb': () => ({
    status: 200,
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: gzipSync(Buffer.alloc(50_000_000, ' ')) as unknown as string,
  }),
  'no answer': () => 'hang',
  'a closed connection': () => 'drop',
  'no object': () => ({ status: 200, body: '[]', headers: { 'content-type': 'application/json' } }),
  'keys that are no list': () => ({ status: 200, body: { keys: {} } }),
  'keys that are no objects': () => ({ status: 200, body: { keys: [null, 1] } }),
  'nested 10 000 deep': () => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: `{"keys":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
  }),
}

/** Where a key set is said to be instead. */
export const elsewhere = [
  'http://169.254.169.254/latest',
  'http://10.0.0.1/jwks',
  'https://evil.example/jwks',
  'file:///etc/passwd',
]

async function endlessKeys(t: Test): Promise<void> {
  for (const [name, answer] of Object.entries(endlessKeySets)) {
    await t.test(name, (t) => loginWithKeys(t, answer))
  }
}

async function redirectedKeys(t: Test): Promise<void> {
  for (const location of elsewhere) {
    for (const status of [301, 302, 307, 308]) {
      await t.test(`${status} to ${location}`, (t) =>
        loginWithKeys(t, () => ({ status, headers: { location } })),
      )
    }
  }
}

async function loginWithKeys(t: Test, answer: (op: HostileProvider) => Misdeed): Promise<void> {
  const scene = await startHostileScene(t, {
    prepare: (op) => {
      op.deviations.answer = { jwks: answer(op) }
    },
    providerKeys: 'timeout: 1s',
  })
  await expectNobody(t, scene, await signIn(scene))
}

/** What an ID token says about scopes grants none. */
async function claimedScopes(t: Test, values: readonly unknown[]): Promise<void> {
  for (const scope of values) {
    await t.test(named(scope), async (t) => {
      const scene = await startHostileScene(t, {
        routes: ['path: /**, access: authenticated', 'path: /admin/**, scopes: [admin]'],
        prepare: (op) => {
          op.deviations.claims = { scope, scp: scope, scopes: scope }
        },
      })
      expectSignedIn(t, scene, await signIn(scene))
      const before = scene.upstream.bytes()
      t.equal((await scene.browser.fetch(`${scene.gateway.origin}/admin/x`)).status, 403)
      t.equal(scene.upstream.bytes(), before)
    })
  }
}

const odd = [
  'a@b\r\nX-Evil: y',
  'a@evil@corp.example',
  'a@evil.example,a@corp.example',
  'ü@corp.exämple',
  `${'a'.repeat(10_240)}@corp.example`,
]

/** Odd mail addresses, in the ID token and in the UserInfo answer. */
async function oddEmails(t: Test): Promise<void> {
  for (const email of [
    ...odd,
    ['a@corp.example'],
    { a: 'a@corp.example' },
    'a@b\0c',
    'a@b\nX-Evil: y',
    'a@b\u2028X-Evil: y',
  ]) {
    for (const source of ['id_token', 'userinfo'] as const) {
      await t.test(`${named(email)} of ${source}`, (t) => oddEmail(t, email, source))
    }
  }
}

async function oddEmail(t: Test, email: unknown, source: 'id_token' | 'userinfo'): Promise<void> {
  const scene = await startHostileScene(t, {
    routes: [
      'path: /**, access: authenticated',
      'path: /corp/**, claims: { email: [b@corp.example, corp.example] }',
    ],
    prepare: (op) => {
      if (source === 'userinfo') op.deviations.userinfo = { sub: 'alice', email }
      else op.deviations.claims = { email }
    },
    providerKeys: `claims_from: [${source}]`,
  })
  const page = await signIn(scene)
  const isTooLarge = page.status === 500 && page.body.includes('does not fit into a cookie')
  t.ok([200, 400, 403, 502].includes(page.status) || isTooLarge, String(page.status))
  const corp = await scene.browser.fetch(`${scene.gateway.origin}/corp/x`)
  t.ok([401, 403].includes(corp.status), 'no rule takes it for an address of that domain')
  expectOneLine(t, scene, 'x-forwarded-email')
}

/** No value broke out of its header line. */
function expectOneLine(t: Test, { upstream }: HostileScene, name: string): void {
  const heads = upstream.bytes().split('\r\n\r\n').slice(0, -1)
  for (const head of heads) {
    const lines = head.split(/\r\n|\r|\n|\0/)
    t.notMatch(lines.join('\n'), /^X-Evil/im)
    t.ok(lines.filter((line) => line.toLowerCase().startsWith(`${name}:`)).length <= 1)
  }
}

/** Names beyond ASCII are one header line of UTF-8. */
async function foreignNames(t: Test): Promise<void> {
  for (const name of [
    'Jürgen €',
    '名前',
    '\u0085X-Evil: 1',
    'a\u010d\u010aX-Evil: 1',
    '\u2028X-Evil: 1',
    '💥',
  ]) {
    await t.test(named(name), async (t) => {
      const scene = await startHostileScene(t, {
        prepare: (op) => {
          op.deviations.claims = { preferred_username: name }
        },
        providerKeys: 'claims_from: [id_token]',
      })
      const page = await signIn(scene)
      t.equal(page.status, 200)
      expectOneLine(t, scene, 'x-forwarded-preferred-username')
      const [, sent = ''] = scene.upstream.bytes().match(/^x-forwarded-preferred-username: (.*)\r$/im) ?? []
      const text = Buffer.from(sent, 'latin1').toString()
      t.ok([name, encodeURIComponent(name), ''].includes(text), 'as it is, encoded, or not at all')
    })
  }
}

/** Access tokens that would break a header apart, or are none. */
async function oddAccessTokens(t: Test): Promise<void> {
  const tokens = [
    'a\r\nX-Evil: 1',
    'a\nX-Evil: 1',
    'a b',
    'a\0',
    'ä',
    ' a',
    'a\t',
    '',
    7,
    null,
    ['a'],
    { a: 1 },
    undefined,
  ]
  for (const accessToken of tokens) {
    await t.test(named(accessToken), async (t) => {
      const scene = await startHostileScene(t, {
        prepare: (op) => {
          op.deviations.token = { access_token: accessToken }
          op.deviations.claims = { at_hash: undefined }
        },
      })
      await expectNobody(t, scene, await signIn(scene))
    })
  }
}
