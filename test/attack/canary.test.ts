import t, { type Test } from 'tap'
import type { BrowserResponse } from '../support/browser.ts'
import { type ProcessRow, processRows } from './canary-process.ts'
import { type CanaryOptions, type CanaryScene, expectNoLeak, startCanaryScene } from './canary-scene.ts'
import { runFamily } from './family.ts'
import { mark } from './marks.ts'

/** One journey; `seen` must be in the log or the answers afterwards, so that it is known to have gone where it should. */
type Journey = Readonly<{
  name: string
  options?: CanaryOptions
  go: (scene: CanaryScene, t: Test) => Promise<unknown>
  /** What the log must have said. */
  logged: RegExp
}>

type Misanswer = Parameters<CanaryScene['op']['answerTokens']>[0]

const query = `?token=${mark('Query')}&rd=${mark('Query')}`
const marked = [
  `Authorization: Bearer ${mark('Bearer')}`,
  `Cookie: theme=${mark('Theme')}; postern=${mark('Cookie')}; postern.login.x.y=${mark('Login')}`,
  `Referer: http://elsewhere.test/?code=${mark('Referer')}`,
  `Proxy-Authorization: Basic ${Buffer.from(`alice:${mark('Password')}`).toString('base64')}`,
  `X-Api-Key: ${mark('ApiKey')}`,
]

const signIn = ({ browser, gateway }: CanaryScene, path = `/deep${query}`) =>
  browser.navigate(gateway.origin + path)

/** The same, without asking the upstream for anything. */
const signInOnly = ({ browser, gateway }: CanaryScene) =>
  browser.navigate(`${gateway.origin}/oauth2/start?rd=/landing`, { stopAt: `${gateway.origin}/landing` })

/** Begins a login and goes through the provider; gives the address of the callback that was not followed yet. */
async function callbackOf({ browser, gateway }: CanaryScene): Promise<string> {
  const stopAt = `${gateway.origin}/oauth2/callback`
  const answer = await browser.navigate(`${gateway.origin}/deep${query}`, { stopAt })
  return answer.headers.location as string
}

async function callbackWith(
  scene: CanaryScene,
  change: (query: URLSearchParams) => void,
): Promise<BrowserResponse> {
  const url = new URL(await callbackOf(scene))
  change(url.searchParams)
  return scene.browser.navigate(url.href)
}

const own = ({ browser, gateway }: CanaryScene) =>
  `Cookie: ${browser.cookiesFor(gateway.origin)}; theme=${mark('Theme')}`

const logins: Journey[] = [
  { name: 'a login', go: (scene) => signIn(scene), logged: /"reason":"signed-in"/ },
  {
    name: 'a login by hand, and a second one on top',
    async go(scene) {
      await signIn(scene, `/oauth2/start?rd=${encodeURIComponent(`/x${query}`)}`)
      await signIn(scene, '/oauth2/sign_in')
    },
    logged: /"reason":"login-begun"/,
  },
  {
    name: 'a callback that comes twice, from another browser, without its cookie, with a wrong state',
    async go(scene) {
      const url = await callbackOf(scene)
      await scene.another().navigate(url, { follow: false })
      await scene.browser.navigate(url)
      await scene.another().navigate(url)
      const wrong = new URL(url)
      wrong.searchParams.set('state', mark('State'))
      await scene.another().navigate(wrong.href, { follow: false })
      wrong.searchParams.append('state', mark('State', 1))
      await scene.browser.navigate(wrong.href)
      await scene.ask(`GET ${new URL(url).pathname}${new URL(url).search}`, [own(scene)])
    },
    logged: /"reason":"login-begun-again"/,
  },
  ...['access_denied', 'login_required', 'server_error', 'invalid_scope', mark('Error')].map(
    (error): Journey => ({
      name: `a refused login: ${error}`,
      go: (scene) =>
        callbackWith(scene, (query) => {
          query.delete('code')
          query.set('error', error)
          query.set('error_description', mark('Description'))
          query.set('error_uri', `https://provider.test/${mark('ErrorUri')}`)
        }),
      logged: /"reason":"(?:login-refused|provider-unreachable|client-refused)"/,
    }),
  ),
  {
    name: 'a callback with another issuer',
    go: (scene) => callbackWith(scene, (query) => query.set('iss', `https://${mark('Issuer')}.test`)),
    logged: /iss of the callback/,
  },
]

const json = { 'content-type': 'application/json' }
const errorBody = {
  error_description: mark('Description'),
  error_uri: mark('ErrorUri'),
  access_token: mark('Access', 99),
}

const misanswers: Readonly<Record<string, Misanswer>> = {
  'a refused code': { status: 400, body: { error: 'invalid_grant', ...errorBody } },
  'a refused client': {
    status: 401,
    headers: { 'www-authenticate': `Basic realm="${mark('Realm')}"` },
    body: { error: 'invalid_client', ...errorBody },
  },
  'an unknown error': { status: 400, body: { error: mark('Error'), ...errorBody } },
  'an error with status 200': { status: 200, body: { error: mark('Error'), ...errorBody } },
  'a page': { status: 200, headers: { 'content-type': 'text/html' }, body: `<p>${mark('Page')}` },
  'broken JSON': { status: 200, headers: json, body: `{"access_token":"${mark('Access', 98)}` },
  'a page as error': { status: 403, headers: { 'content-type': 'text/html' }, body: `<p>${mark('Page')}` },
  'a broken server': { status: 500, headers: { 'retry-after': mark('Retry') }, body: mark('Page') },
  'a redirect': { status: 302, headers: { location: `http://127.0.0.1:9/${mark('Location')}` } },
  'too little': { status: 200, body: { access_token: mark('Access', 97) } },
  'another type of token': {
    status: 200,
    body: { access_token: mark('Access', 96), token_type: mark('Type'), expires_in: 5 },
  },
  'an unusual type of content': {
    status: 200,
    headers: { 'content-type': `text/${mark('Type')}` },
    body: mark('Page'),
  },
  'a form': {
    status: 400,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `error=${mark('Error')}&error_description=${mark('Description')}`,
  },
  silence: 'hang',
  'a lost connection': 'drop',
  'a flood': 'flood',
}

const badExchanges = Object.entries(misanswers).map(
  ([name, answer]): Journey => ({
    name: `at the token endpoint: ${name}`,
    options: { providerKeys: 'timeout: 300ms' },
    async go(scene) {
      scene.op.answerTokens(answer)
      await signIn(scene)
    },
    logged: /"type":"PosternError","code":"POSTERN_/,
  }),
)

type Deviation = CanaryScene['op']['deviations']
const elsewhere = `https://${mark('Issuer')}.test`.toLowerCase()

const idTokens: Readonly<Record<string, Partial<Deviation>>> = {
  'another issuer': { claims: { iss: elsewhere } },
  'another audience': { claims: { aud: mark('Audience') } },
  'another authorized party': { claims: { aud: ['postern', mark('Audience')], azp: mark('Party') } },
  'another nonce': { claims: { nonce: mark('Nonce') } },
  'another hash': { claims: { at_hash: mark('Hash') } },
  'a name that is none': { claims: { sub: { text: mark('Subject') } } },
  'a time that is none': { claims: { exp: mark('Time') } },
  'an unknown algorithm': { sign: () => forged({ alg: mark('Algorithm') }) },
  'no signature': { sign: () => forged({ alg: 'none', jku: mark('Jku') }) },
  'an unknown key': { header: { kid: mark('KeyId') } },
  'an unknown type': { header: { typ: mark('Type') } },
  'a critical extension': {
    sign: () => forged({ alg: 'ES256', kid: 'good', crit: [mark('Critical')], [mark('Critical')]: 1 }),
  },
  'a broken header': { sign: () => `${Buffer.from(mark('Header')).toString('base64url')}.e30.AA` },
  'no token at all': { sign: () => mark('Id') },
  encryption: { sign: () => [1, 2, 3, 4, 5].map((n) => mark('Part', n)).join('.') },
}

function forged(header: object): string {
  const parts = [header, { sub: mark('Subject') }].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  )
  return [...parts, Buffer.from(mark('Signature')).toString('base64url')].join('.')
}

const badIdTokens = Object.entries(idTokens).map(
  ([name, deviation]): Journey => ({
    name: `an ID token with ${name}`,
    async go({ op, ...scene }) {
      Object.assign(op.deviations, deviation)
      await signIn({ op, ...scene })
    },
    logged: /"type":"PosternError","code":"POSTERN_|"reason":"signed-in"/,
  }),
)

type Answers = NonNullable<Deviation['answer']>
const failing: readonly NonNullable<Answers['token']>[] = [
  { status: 500, body: mark('Page') },
  { status: 401, headers: { 'www-authenticate': `Bearer error="${mark('Error')}"` }, body: mark('Page') },
  { status: 200, headers: json, body: `{"${mark('Member')}` },
  // What a JSON parser quotes in its message.
  { status: 200, headers: json, body: mark('Page') },
]

const badDocuments = (['discovery', 'jwks', 'userinfo'] as const).flatMap((endpoint) =>
  failing.map(
    (answer, index): Journey => ({
      name: `${endpoint}: bad answer ${index + 1}`,
      options: {
        prepare({ deviations }) {
          deviations.answer = { ...deviations.answer, [endpoint]: answer }
        },
      },
      go: (scene) => signIn(scene),
      logged: /"code":"POSTERN_PROVIDER/,
    }),
  ),
)

const others: Journey[] = [
  {
    name: 'discovery: another issuer',
    options: {
      prepare({ deviations }) {
        deviations.discovery = {
          issuer: 'https://other.test',
          token_endpoint: mark('Endpoint'),
          [mark('Member')]: 1,
        }
      },
    },
    go: (scene) => signIn(scene),
    logged: /discovery failed/,
  },
  {
    name: 'discovery: endpoints that are none',
    options: {
      prepare({ deviations }) {
        deviations.discovery = {
          token_endpoint: mark('Endpoint'),
          jwks_uri: `http://user:${mark('Password')}@x.test/`,
        }
      },
    },
    go: (scene) => signIn(scene),
    logged: /discovery failed/,
  },
  {
    name: 'keys that are none',
    options: {
      prepare({ deviations }) {
        deviations.keys = [
          { kty: mark('Kty'), kid: 'good' },
          { kty: 'EC', kid: 'good', crv: mark('Curve'), x: 'AA', y: 'AA' },
        ]
      },
    },
    go: (scene) => signIn(scene),
    logged: /"code":"POSTERN_PROVIDER/,
  },
  {
    name: 'UserInfo about somebody else',
    options: {
      prepare({ deviations }) {
        deviations.userinfo = { sub: mark('Subject'), email: mark('Mail', 1) }
      },
    },
    go: (scene) => signIn(scene),
    logged: /"code":"POSTERN_PROVIDER/,
  },
]

const refreshes = [
  { name: 'a refresh', answer: undefined, logged: /"event":"refreshed"|"refresh":"refreshed"/ },
  ...[
    'a refused code',
    'a refused client',
    'an unknown error',
    'a page',
    'broken JSON',
    'a broken server',
  ].map((name) => ({
    name: `a refresh that gets ${name}`,
    answer: misanswers[name],
    logged: /"refresh":"(?:refused|failed)"/,
  })),
].map(
  ({ name, answer, logged }): Journey => ({
    name,
    async go(scene) {
      const { op, gateway, browser } = scene
      await signIn(scene)
      op.answerTokens(answer)
      gateway.advance(301)
      await browser.fetch(`${gateway.origin}/x${query}`)
      await browser.navigate(`${gateway.origin}/x${query}`)
    },
    logged,
  }),
)

const endings: Journey[] = [
  {
    name: 'signing out with a form, through the provider and back',
    async go(scene) {
      await signIn(scene)
      const { browser, gateway } = scene
      const page = await browser.navigate(`${gateway.origin}/oauth2/sign_out${query}`)
      await browser.submit(page, {}, { follow: false })
      await browser.navigate(`${gateway.origin}/oauth2/signed_out?state=${mark('State')}`)
    },
    logged: /"reason":"signed-out"/,
  },
  {
    name: 'signing out as a program, while the provider revokes nothing',
    async go(scene) {
      scene.op.deviations.answer = {
        ...scene.op.deviations.answer,
        revoke: { status: 400, body: { error: mark('Error'), ...errorBody } },
      }
      await signIn(scene)
      const { origin } = scene.gateway
      await scene.ask(`POST /oauth2/sign_out?rd=${encodeURIComponent(`/${query}`)}`, [
        own(scene),
        `Origin: ${origin}`,
      ])
      await scene.ask(`GET /x${query}`, [own(scene)])
      await scene.gateway.logged(/revocation|revoked/)
    },
    logged: /revocation|revoked/,
  },
  {
    name: 'who is signed in',
    async go(scene) {
      await signIn(scene)
      for (const path of ['userinfo', 'session']) {
        await scene.ask(`GET /oauth2/${path}${query}`, [own(scene)])
        await scene.ask(`GET /oauth2/${path}${query}`, marked)
      }
    },
    logged: /"path":"\/oauth2\/userinfo"/,
  },
]

const routes = [
  'path: /**, access: authenticated',
  'path: /public/**, access: public',
  'path: /admin/**, scopes: [admin]',
  'path: /get/**, methods: [GET], access: public',
]

/** Every answer of the gateway itself, for people and for programs, with and without a session. */
const pages: readonly [name: string, line: string, headers: readonly string[], logged: RegExp][] = [
  ['400 for the target', `GET /a/../b${query}`, [], /"status":400/],
  ['400 for the Host', `GET /${query}`, ['Host: a_%_b'], /"status":400/],
  ['401', `GET /x${query}`, [], /"status":(?:401|302)/],
  ['403 for a scope', `GET /admin/x${query}`, [], /"status":(?:403|401|302)/],
  [
    '403 for another site',
    `POST /x${query}`,
    ['Origin: http://elsewhere.test', 'Sec-Fetch-Site: cross-site'],
    /"status":40[13]/,
  ],
  ['404 below the prefix', `GET /oauth2/nothing${query}`, [], /"status":404/],
  ['405', `DELETE /get/x${query}`, [], /"status":405/],
  ['405 below the prefix', `PUT /oauth2/start${query}`, [], /"status":405/],
  ['421', `GET /x${query}`, ['Host: elsewhere.test'], /"status":421/],
  ['the upstream', `GET /public/x${query}`, [], /"status":200/],
]

const shown = pages.map(
  ([name, line, headers, logged]): Journey => ({
    name: `the page: ${name}`,
    options: { routes },
    async go(scene) {
      await signIn(scene)
      for (const accept of ['Accept: text/html', 'Accept: application/json']) {
        await scene.ask(line, [accept, ...headers, ...marked])
        await scene.ask(line, [accept, ...headers, own(scene)])
        await scene.ask(line, [
          accept,
          ...headers,
          own(scene),
          ...marked.filter((header) => !/^cookie/i.test(header)),
        ])
      }
    },
    logged,
  }),
)

const brokenUpstreams: readonly [
  name: string,
  answer: NonNullable<CanaryOptions['answer']>,
  logged: RegExp,
][] = [
  ['no HTTP', `${mark('Banner')}\r\n\r\n`, /"status":502/],
  ['a broken header', `HTTP/1.1 200 OK\r\n${mark('Header')} : 1\r\n\r\n`, /"status":502/],
  ['a lost connection', ({ socket }) => socket.on('data', () => socket.destroy()), /"status":502/],
  ['no answer in time', () => undefined, /"status":504/],
  [
    'a cut answer',
    ({ socket }) =>
      socket.on('data', () =>
        socket.end('HTTP/1.1 200 OK\r\nX-From-Upstream: 1\r\nContent-Length: 9\r\n\r\nh'),
      ),
    /"status":200/,
  ],
]

const upstreams = brokenUpstreams.map(
  ([name, answer, logged]): Journey => ({
    name: `an upstream that gives ${name}`,
    options: { routes, answer, upstreamKeys: ', timeouts: { headers: 200ms }' },
    async go(scene) {
      await signInOnly(scene)
      await scene.ask(`GET /x${query}`, ['Accept: text/html', own(scene)])
      await scene.ask(`POST /public/x${query}`, [...marked, 'Content-Length: 5'], 'hello')
    },
    logged,
  }),
)

const key = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']
const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', ...key]
const switching = `HTTP/1.1 101 Switching Protocols\r\nX-From-Upstream: 1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n`

const sockets: Journey[] = [
  {
    name: 'a WebSocket that opens and closes',
    options: { answer: ({ socket }) => socket.on('data', () => socket.end(switching)) },
    async go(scene) {
      await signInOnly(scene)
      await scene.ask(`GET /ws${query}`, [...upgrade, own(scene), `Origin: ${scene.gateway.origin}`])
      await scene.gateway.logged(/"status":101/)
    },
    logged: /"status":101/,
  },
  {
    name: 'a WebSocket of another site, one without a session, and one that the upstream does not want',
    async go(scene) {
      await signInOnly(scene)
      await scene.ask(`GET /ws${query}`, [...upgrade, own(scene), 'Origin: http://elsewhere.test'])
      await scene.ask(`GET /ws${query}`, [...upgrade, ...marked])
      await scene.ask(`GET /ws${query}`, [...upgrade, own(scene), `Origin: ${scene.gateway.origin}`])
    },
    logged: /"path":"\/ws","status":(?:403|401)/,
  },
]

const unreadable: readonly string[] = [
  `${mark('Garbage')}\r\n\r\n`,
  `GET /x${query} HTTP/1.1\r\nHost : ${mark('Host')}\r\n\r\n`,
  `GET /x${query} HTTP/1.1\r\nHost: localhost\r\nCookie: postern=${mark('Cookie')}\x01\r\n\r\n`,
  `GET /x${query}\r\n\r\n`,
  `GET /x${query} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${mark('Bearer')}\r\nTransfer-Encoding: ${mark('Coding')}\r\n\r\n`,
  `GET http://alice:${mark('Password')}@localhost/x${query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
  `CONNECT ${mark('Password')}:1 HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  `GET /x${query} HTTP/1.1\r\nHost: localhost\r\nCookie: postern=${mark('Cookie').repeat(4000)}\r\n\r\n`,
  `GET /x${query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${`X-Api-Key: ${mark('ApiKey')}\r\n`.repeat(300)}\r\n`,
]

const bytes = unreadable.map(
  (text, index): Journey => ({
    name: `bytes that are no good request: ${index + 1}`,
    options: { routes },
    async go(scene, t) {
      t.match(await scene.send(text), /^(?:$|HTTP\/1\.1 4\d\d )/)
    },
    logged: /provider is ready/,
  }),
)

/** The judge of opaque tokens is the UserInfo endpoint in disguise. */
const bearerOf = ({ issuer }: CanaryScene['op']) =>
  `issuers: [{ issuer: "${issuer}", audience: api, jwks_uri: "${issuer}/jwks" }], introspection: { endpoint: "${issuer}/userinfo", client_id: postern, client_secret: ${mark('Secret')}, audience: api }`

type Introspection = NonNullable<Answers['userinfo']>

function bearer(
  name: string,
  tokenOf: (scene: CanaryScene) => Promise<string> | string,
  logged: RegExp,
  introspection?: Introspection,
): Journey {
  return {
    name: `a bearer token: ${name}`,
    options: {
      routes,
      bearerOf,
      prepare({ deviations }) {
        if (introspection) deviations.answer = { ...deviations.answer, userinfo: introspection }
      },
    },
    async go(scene) {
      const token = await tokenOf(scene)
      scene.op.accessTokens.push(token)
      scene.op.idTokens.push(token)
      for (const accept of ['text/html', '*/*']) {
        await scene.ask(`GET /x${query}`, [`Accept: ${accept}`, `Authorization: Bearer ${token}`])
        await scene.ask(`GET /admin/x${query}`, [`Accept: ${accept}`, `Authorization: Bearer ${token}`])
      }
    },
    logged,
  }
}

function tokenOf({ op }: CanaryScene, changes: object, header: object = {}): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) + 300
  const claims = {
    iss: op.issuer,
    sub: 'alice',
    aud: 'api',
    exp,
    scope: 'read',
    jti: mark('Jti'),
    ...changes,
  }
  return op.sign({ header: { alg: 'ES256', kid: 'good', typ: 'at+jwt', ...header }, claims })
}

const active = { active: true, aud: 'api', sub: 'alice', scope: 'read', jti: mark('Jti') }

const bearers: Journey[] = [
  bearer('good', (scene) => tokenOf(scene, {}), /"status":200.*"credential":"bearer"/),
  bearer('expired', (scene) => tokenOf(scene, { exp: 1 }), /token-expired/),
  bearer('another audience', (scene) => tokenOf(scene, { aud: mark('Audience') }), /token-audience-wrong/),
  bearer(
    'a broken signature',
    async (scene) => `${(await tokenOf(scene, {})).slice(0, -8)}AAAAAAAA`,
    /token-signature-invalid/,
  ),
  bearer('an unknown key', (scene) => tokenOf(scene, {}, { kid: mark('KeyId') }), /token-key-unknown/),
  bearer('malformed', () => `${mark('Bearer')}é`, /authorization-malformed/),
  bearer('introspected', () => mark('Opaque'), /"status":200.*"credential":"bearer"/, {
    status: 200,
    body: active,
  }),
  bearer('inactive', () => mark('Opaque'), /token-inactive/, {
    status: 200,
    body: { active: false, [mark('Member')]: 1 },
  }),
  ...failing.map((answer, index) =>
    bearer(`introspection fails, ${index + 1}`, () => mark('Opaque'), /a token cannot be judged/, answer),
  ),
]

const keys: Journey = {
  name: 'a start with another first key, and cookies sealed under the second',
  async go(scene) {
    await signIn(scene)
    const second = Buffer.alloc(32, mark('Key', 1)).toString('base64')
    await scene.gateway.restart({ keys: [second, ...scene.keys] })
    await scene.browser.navigate(`${scene.gateway.origin}/x${query}`)
  },
  logged: /"reason":"authenticated"/,
}

const journeys = [
  ...[logins, badExchanges, badIdTokens, badDocuments, others, refreshes, endings],
  ...[shown, upstreams, sockets, bytes, bearers, [keys]],
].flat()

/** Runs a journey and judges what was seen of it when the gateway has stopped: then everything was logged. */
async function travel({ name, options, go, logged }: Journey, t: Test): Promise<void> {
  const scene = await startCanaryScene(t, options)
  await scene.gateway.logged(/provider is ready|discovery failed/)
  await go(scene, t)
  await scene.gateway.app.close()
  t.ok(scene.collector.spans().length > 0 || name.startsWith('bytes'), 'there are spans')
  t.match(JSON.stringify(scene.gateway.logs()).replaceAll('\\"', '"'), logged)
  await expectNoLeak(t, scene)
}

t.test('no journey leaves a secret where it does not belong', async (t) => {
  const rows: ProcessRow[] = [
    ...journeys.map((journey) => ({ name: journey.name, check: (t: Test) => travel(journey, t) })),
    ...processRows,
  ]
  await runFamily(
    t,
    'canary',
    rows,
    ({ check }, t) => check(t),
    ({ name }) => name,
  )
})
