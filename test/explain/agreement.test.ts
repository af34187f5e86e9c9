import t, { type Test } from 'tap'
import { cookieCredentials } from '../../src/explain/cookie.ts'
import { nobody } from '../../src/explain/credentials.ts'
import { createExplain } from '../../src/explain/explain.ts'
import type { Explanation } from '../../src/explain/explanation.ts'
import { askAs } from '../../src/explain/identity.ts'
import { startAuthorizationServer } from '../support/authorization-server.ts'
import { answerOf } from '../support/check.ts'
import type { Gateway } from '../support/gateway.ts'
import { ask, cookieLine, headsAt, type Scene, startScene, startSignedIn } from '../support/scene.ts'
import { askedOf, token } from './support.ts'

const page = 'Accept: text/html'
const evil = 'Origin: https://evil.test'

const upstreams = (origin: string) =>
  `{
  web: { url: "${origin}" },
  none: { url: "${origin}", token: none, identity_headers: false },
  id: { url: "${origin}", token: id, identity_headers: { X-Who: sub, X-Mail: email } },
  moved: { url: "${origin}/base", strip_prefix: /moved, add_prefix: /v1, host: rewrite }
}`.replaceAll('\n', '')

const routes = [
  'path: /public/**, access: public',
  'path: /pass/**, access: public, authorization: pass',
  'path: /optional/**, access: optional, upstream: id',
  'path: /api/**, access: authenticated, methods: [GET]',
  'path: /api/items, access: authenticated, methods: [POST, PUT]',
  'path: /admin/**, scopes: [admin]',
  'path: /orders/**, any_scope: ["orders:refund", "orders:read"]',
  'path: /more/**, scopes: [admin, "orders:read"], on_missing_scope: request',
  'path: /staff/**, claims: { groups: [staff] }',
  'path: /managers/**, claims: { groups: [managers] }',
  'path: /strong/**, acr: ["urn:example:mfa"]',
  'path: /recent/**, max_age: 1h',
  'path: /files/**, access: authenticated, allow: [encoded-slash]',
  'path: /open/**, access: authenticated, csrf: "off"',
  'path: /friends/**, access: authenticated, allowed_origins: [https://friend.test]',
  'path: /cors/**, access: authenticated, cors: { origins: [https://spa.test], credentials: true }',
  'path: /spa/**, access: authenticated, on_unauthenticated: challenge',
  'path: /form/**, access: authenticated, on_unauthenticated: redirect',
  'path: /none/**, access: authenticated, upstream: none',
  'path: /moved/**, access: authenticated, upstream: moved',
  'path: /**, host: other.test, access: public',
  'path: /web/**, access: authenticated',
].map((route) => (route.includes('upstream:') ? route : `${route}, upstream: web`))

type Row = readonly [line: string, headers?: readonly string[]]

const rows: readonly Row[] = [
  ['GET /public/x?q=1', ['X-Forwarded-User: root', 'Cookie: theme=dark; postern=x', 'X_Real_IP: 1.2.3.4']],
  ['GET /pass/x', ['Authorization: Basic YTpi']],
  ['GET /optional/x'],
  ['GET /api/x'],
  ['HEAD /api/x'],
  ['POST /api/x'],
  ['GET /api/items'],
  ['PUT /api/items'],
  ['GET /admin/x', [page]],
  ['GET /admin/x'],
  ['GET /admin;a/x'],
  ['GET /public;a/x'],
  ['GET /web%20/x'],
  ['GET /orders/x'],
  ['GET /more/x', [page]],
  ['GET /more/x'],
  ['GET /staff/x'],
  ['GET /managers/x'],
  ['GET /strong/x', [page]],
  ['GET /strong/x'],
  ['GET /recent/x'],
  ['GET /files/a%2fb'],
  ['GET /web/a%2fb'],
  ['GET /web//b'],
  ['POST /web/x', [evil]],
  ['POST /web/x', ['Sec-Fetch-Site: cross-site']],
  ['POST /web/x'],
  ['POST /open/x', [evil]],
  ['POST /friends/x', ['Origin: https://friend.test']],
  ['GET /cors/x', ['Origin: https://spa.test', page]],
  ['OPTIONS /cors/x', ['Origin: https://spa.test', 'Access-Control-Request-Method: PUT']],
  ['OPTIONS /cors/x', [evil, 'Access-Control-Request-Method: PUT']],
  ['OPTIONS /web/x', [evil, 'Access-Control-Request-Method: PUT']],
  ['GET /spa/x', [page]],
  ['POST /form/x', [page]],
  ['GET /form/x'],
  ['POST /web/x', ['Sec-Fetch-Mode: navigate']],
  ['GET /none/x', ['Authorization: Bearer mine', 'Connection: close, X-Hop', 'X-Hop: 1']],
  ['GET /moved/x?a=b'],
  ['TRACE /web/x'],
  ['GET /nothing'],
  ['GET /oauth2'],
  ['GET /oauth2/nothing'],
  ['GET /web/../admin'],
  ['GET /web/%00'],
  ['GET /web/%C3%A9%E2%84%AA'],
  ['GET http://localhost/web/x'],
  ['GET /x', ['Host: other.test']],
  ['GET /x', ['Host: evil.test']],
  ['GET /x', ['Host: a b']],
  ['GET /web/x', ['Host: localhost', 'Host: localhost']],
  ['GET /web/x', ['Authorization: ,']],
  ['GET /web/ws', ['Connection: Upgrade', 'Upgrade: websocket', evil]],
  ['GET /web/ws', ['Connection: Upgrade', 'Upgrade: websocket']],
]

function explainerFor({ config }: Gateway) {
  const lines = config.routes.map((_, index) => ({ file: 'test.yaml', line: index + 1 }))
  return createExplain({ config, routes: lines, clock: () => Math.floor(Date.now() / 1000) })
}

/** What the log says about a request, in the words of an explanation. */
async function sendAndLog(gateway: Gateway, line: string, headers: readonly string[]) {
  const isRequest = (entry: Record<string, unknown>) => 'decision' in entry
  const requests = () => gateway.logs().filter(isRequest).length
  const before = requests()
  const answer = await ask(gateway, line, headers)
  await gateway.logged({ test: () => requests() > before })
  const logged = gateway.logs().filter(isRequest).at(-1) as Record<string, unknown>
  const { decision, reason, rule, upstream, status } = logged
  return { answer: answerOf(answer), logged: { decision, reason, rule, upstream, status } }
}

/** What the explanation says would be in the log, the upstream's answer being 200. */
function foreseen({ decision, rules }: Explanation) {
  const { kind, reason, rule, status = 200 } = decision
  const isDecided = kind !== 'refuse' && kind !== 'answer'
  const { upstream } = rules.find(({ name }) => name === rule) ?? {}
  return { decision: isDecided ? kind : 'answer', reason, rule, upstream, status }
}

/** The head that an upstream got, with names in place of what an explanation does not tell. */
function disguised(head: readonly string[] = []): string[] {
  return (
    head
      .slice(1)
      // What undici adds for the connection and for the frame of a body that is not there.
      .filter((line) => !/^(?:connection:|content-length: 0$)/i.test(line))
      .map((line) =>
        line
          .replace(/^X-Request-Id: .*/, 'X-Request-Id: <request id>')
          .replace(/^Authorization: Basic .*/, 'Authorization: Basic <credentials>')
          .replace(/^(Authorization: Bearer) .*/, '$1 <token>')
          .replace(/=dark$/, '=<value>')
          .replace(/^host:/, 'Host:'),
      )
      .sort()
  )
}

function told({ upstream }: Explanation): string[] {
  return (upstream?.headers ?? [])
    .map(([name, value]) => `${name}: ${value}`.replace(/^(Authorization: Bearer) .*/, '$1 <token>'))
    .sort()
}

async function agree(t: Test, scene: Pick<Scene, 'gateway' | 'upstream'>, cookie?: string): Promise<void> {
  const { gateway, upstream } = scene
  const explain = explainerFor(gateway)
  const host = gateway.origin.slice('http://'.length)
  const clock = () => Math.floor(Date.now() / 1000)
  const credentials = cookie === undefined ? nobody : await cookieCredentials(gateway.config, clock)
  for (const [line, given = []] of rows) {
    const headers = [...given, ...(cookie === undefined ? [] : [cookie])]
    const heads = headsAt(upstream).length
    const explanation = await explain(askedOf(line, headers, host), credentials)
    const { logged, answer } = await sendAndLog(gateway, line, headers)
    const about = `${line} ${given.join(', ')}`
    t.strictSame(foreseen(explanation), logged, about)
    const head = headsAt(upstream)[heads]
    t.equal(explanation.upstream === undefined, head === undefined, about)
    t.strictSame(told(explanation), disguised(head), about)
    if (head !== undefined) t.equal(`${line.split(' ')[0]} ${explanation.upstream?.path} HTTP/1.1`, head[0])
    for (const [name, value] of Object.entries(explanation.decision.headers)) {
      if (name !== 'location') t.strictSame(answer.headers[name], [value], `${about}: ${name}`)
    }
  }
}

t.test('with nobody signed in, a gateway does what is explained', async (t) => {
  await agree(t, await startScene(t, { upstreams, routes }))
})

t.test('with somebody signed in, a gateway does what is explained', async (t) => {
  const scene = await startSignedIn(t, { upstreams, routes })
  await agree(t, scene, cookieLine(scene))
})

t.test('with bearer tokens, a gateway does what is explained', async (t) => {
  const audience = 'https://api.example.com'
  const issuer = await startAuthorizationServer(t, { resources: { [audience]: 'jwt' } })
  const bearer = `issuers: [{ issuer: "${issuer.issuer}", audience: "${audience}", type: at+jwt }]`
  const scene = await startScene(t, { upstreams, routes, bearer })
  const { gateway, upstream } = scene
  const { access_token: sent } = await issuer.signIn('alice', { resource: audience })
  const claims = JSON.parse(Buffer.from(String(sent).split('.')[1] as string, 'base64url').toString())
  const explain = explainerFor(gateway)
  const host = gateway.origin.slice('http://'.length)
  for (const line of [
    ...['GET /public/x', 'GET /pass/x', 'GET /optional/x', 'GET /admin/x', 'GET /orders/x', 'GET /staff/x'],
    ...['GET /strong/x', 'GET /managers/x', 'GET /none/x', 'POST /web/x', 'GET /more/x'],
  ]) {
    const call = askAs(askedOf(line, [], host), token(claims), gateway.config, claims.iat)
    const heads = headsAt(upstream).length
    const explanation = await explain(call.asked, call.credentials)
    const { logged } = await sendAndLog(gateway, line, [`Authorization: Bearer ${sent}`])
    t.strictSame(foreseen(explanation), logged, line)
    t.strictSame(told(explanation), disguised(headsAt(upstream)[heads]), line)
  }
})

t.test('our own endpoints are those of a gateway, with their methods', async (t) => {
  const { gateway } = await startScene(t, {
    routes: ['path: /**, access: public'],
    forwardAuth: 'preset: traefik',
    server: 'trusted_proxies: [10.0.0.0/8]',
    bearer: 'issuers: [{ issuer: "http://localhost:1", audience: "https://api.example.com" }]',
  })
  const explain = explainerFor(gateway)
  const host = gateway.origin.slice('http://'.length)
  const names = ['start', 'sign_in', 'renew', 'callback', 'userinfo', 'session', 'sign_out', 'signed_out']
  const paths = [...names.map((name) => `/oauth2/${name}`), '/.well-known/oauth-protected-resource/x']
  for (const path of paths) {
    const { decision } = await explain(askedOf(`PUT ${path}`, [], host), nobody)
    const answer = answerOf(await ask(gateway, `PUT ${path}`))
    t.match(decision, { kind: 'refuse', reason: 'wrong-method', status: 405 }, path)
    t.strictSame([answer.status, answer.headers['allow']], [405, [decision.headers['allow']]], path)
    const [method = ''] = String(decision.headers['allow']).split(', ')
    t.match((await explain(askedOf(`${method} ${path}`, [], host), nobody)).decision, {
      kind: 'answer',
      reason: 'own-endpoint',
    })
  }
  for (const path of ['/oauth2/auth', '/oauth2/toString', '/oauth2/start/', '/oauth2x']) {
    const { decision } = await explain(askedOf(`GET ${path}`, [], host), nobody)
    const { status } = answerOf(await ask(gateway, `GET ${path}`))
    if (path === '/oauth2/auth') t.match([decision.kind, status], ['answer', 400])
    else t.equal(decision.status ?? 200, status, path)
  }
})

t.test('what another proxy is told is what is explained', async (t) => {
  const presets: [
    preset: string,
    source: (target: string, host: string) => [line: string, headers: string[]],
  ][] = [
    [
      'traefik',
      (target, host) => [
        'GET /oauth2/auth',
        [
          'X-Forwarded-Method: GET',
          'X-Forwarded-Proto: http',
          `X-Forwarded-Host: ${host}`,
          `X-Forwarded-Uri: ${target}`,
        ],
      ],
    ],
    [
      'nginx',
      (target) => [
        'GET /oauth2/auth',
        ['X-Forwarded-Method: GET', 'X-Forwarded-Proto: http', `X-Forwarded-Uri: ${target}`],
      ],
    ],
    [
      'ingress-nginx',
      (target, host) => [
        'GET /oauth2/auth',
        ['X-Original-Method: GET', `X-Original-URL: http://${host}${target}`],
      ],
    ],
    ['envoy', (target) => [`GET /oauth2/auth${target}`, ['X-Forwarded-Proto: http']]],
  ]
  for (const [preset, checkFor] of presets) {
    const scene = await startSignedIn(t, {
      routes: routes.map((route) => route.replace(/, upstream: (?!web)\w+/, '')),
      forwardAuth: `preset: ${preset}, access_token_header: true`,
      server: 'trusted_proxies: [127.0.0.1]',
    })
    const { gateway } = scene
    const explain = explainerFor(gateway)
    const host = gateway.origin.slice('http://'.length)
    const credentials = await cookieCredentials(gateway.config, () => Math.floor(Date.now() / 1000))
    for (const [target, cookie, ...more] of [
      ['/web/x', true],
      ['/web/x', false],
      ['/web/x', false, page],
      ['/admin/x', true, page],
      ['/public/x', true],
      ['/pass/x', false, 'Authorization: Basic YTpi'],
      ['/nothing', true],
      ['/web/%00', true],
      ['/web//x', true],
      ['/oauth2/start', true],
    ] as [string, boolean, ...string[]][]) {
      const headers = [...more, ...(cookie ? [cookieLine(scene)] : [])]
      const [line, told] = checkFor(target, host)
      const { decision } = await explain(askedOf(`GET ${target}`, headers, host), credentials, true)
      const { logged, answer } = await sendAndLog(gateway, line, [...told, ...headers])
      const about = `${preset} ${target} ${cookie} ${more}`
      t.strictSame(
        [decision.status, decision.reason, decision.rule],
        [logged.status, logged.reason, logged.rule],
        about,
      )
      for (const [name, value] of Object.entries(decision.headers)) {
        const [got = ''] = answer.headers[name] ?? []
        const shown = value.replace(/<[\w ]+>/, '')
        t.ok(shown === value ? got === value : got.startsWith(shown), `${about}: ${name}`)
      }
    }
  }
})
