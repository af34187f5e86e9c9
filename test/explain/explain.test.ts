import t from 'tap'
import { explanationJson } from '../../src/explain/as-json.ts'
import { explanationText } from '../../src/explain/as-text.ts'
import { nobody, storeOf } from '../../src/explain/credentials.ts'
import { isAllowed } from '../../src/explain/explanation.ts'
import { bringsToken } from '../../src/explain/identity.ts'
import { splitUrl } from '../../src/explain/request.ts'
import { sampleSession } from '../session/samples.ts'
import { askedOf, explainerOf, now, person, token } from './support.ts'

const api = 'https://api.example.com'
const bearer = `bearer: { issuers: [{ issuer: https://login.example.com, audience: ${api}, scope_claim: permissions }, { issuer: https://other.example.com, audience: [${api}/b] }] }`

const routesOf = (...routes: string[]) =>
  `routes: [${routes.map((route) => `{ ${route}, upstream: web }`).join(', ')}]`

t.test('each demand of a rule is told with what was there', async (t) => {
  const { ask } = explainerOf(t, {
    routes: routesOf(
      'path: /all/**, methods: [GET, POST], scopes: [a, b], any_scope: [c, d], claims: { groups: [staff], org.unit: [1] }, acr: [strong, stronger], max_age: 5m',
    ),
  })
  const as = person({
    sub: 'alice',
    scopes: 'a d',
    groups: ['staff', 'x'],
    org: { unit: 2 },
    acr: 'weak',
    auth_time: now - 60,
  })
  const { rules, decision, caller } = await ask('POST /all/x', { as, headers: ['Origin: https://evil.test'] })
  t.strictSame(rules[0]?.conditions, [
    { name: 'methods', wanted: ['GET', 'POST'], seen: 'POST', isMet: true },
    { name: 'access', wanted: ['authenticated'], seen: 'alice', isMet: true },
    { name: 'credentials', wanted: ['session'], seen: 'session', isMet: true },
    { name: 'csrf', wanted: ['on'], seen: 'https://evil.test', isMet: false },
    { name: 'scopes', wanted: ['a', 'b'], seen: ['a', 'd'], lacks: ['b'], isMet: false },
    { name: 'any_scope', wanted: ['c', 'd'], seen: ['a', 'd'], isMet: true },
    { name: 'claims.groups', wanted: ['staff'], seen: ['staff', 'x'], isMet: true },
    { name: 'claims.org.unit', wanted: [1], seen: 2, isMet: false },
    { name: 'acr', wanted: ['strong', 'stronger'], seen: 'weak', isMet: false },
    { name: 'max_age', wanted: [300], seen: 60, isMet: true },
  ])
  t.match(decision, { kind: 'forbid', reason: 'cross-site', status: 403, rule: 'routes[0]' })
  t.match(caller, { kind: 'session', sub: 'alice', scopes: ['a', 'd'], isPassedOver: false })

  const alone = await ask('GET /all/x')
  t.strictSame(
    alone.rules[0]?.conditions.filter(({ isMet, seen }) => isMet || seen !== undefined),
    [{ name: 'methods', wanted: ['GET', 'POST'], seen: 'GET', isMet: true }],
  )
  t.notOk(isAllowed(alone))
})

t.test('a rule is told with its place in the file, its pattern and the reading it is for', async (t) => {
  const { ask } = explainerOf(t, {
    routes: [
      'routes:',
      '  - { path: /**, upstream: web, access: authenticated }',
      '  # a comment',
      '  - path: /admin/**',
      '    host: app.example.com',
      '    upstream: web',
      '    scopes: [admin]',
    ].join('\n'),
  })
  const admins = await ask('GET /admin;y', { as: person({}) })
  t.strictSame(
    admins.rules.map(({ name, readings }) => [name, readings]),
    [
      ['routes[0]', ['/admin;y']],
      ['routes[1]', ['/admin']],
    ],
  )
  const { rules, path } = await ask('GET /x;y', { as: person({}) })
  t.match(rules, [{ name: 'routes[0]', at: { line: 7 }, path: '/**', readings: ['/x;y', '/x'] }])
  t.match(path, { isCanonical: true, path: '/x;y', readings: ['/x'] })
  const admin = await ask('GET /admin/x', { as: person({}) })
  t.match(admin.rules, [
    { name: 'routes[1]', at: { line: 9 }, host: 'app.example.com', upstream: 'web', isDeciding: true },
  ])
  t.match(admin.rules[0]?.at.file, /postern\.yaml$/)
})

t.test('what no rule admits is told with the rules that come near', async (t) => {
  const { ask } = explainerOf(t, {
    routes: routesOf('path: /x, methods: [GET], access: public', 'path: /x, methods: [PUT], scopes: [a]'),
  })
  const { rules, decision } = await ask('DELETE /x')
  t.strictSame(
    rules.map(({ name, conditions }) => [name, conditions.map(({ name, isMet }) => [name, isMet])]),
    [
      ['routes[0]', [['methods', false]]],
      ['routes[1]', [['methods', false]]],
    ],
  )
  t.match(decision, {
    kind: 'refuse',
    reason: 'wrong-method',
    status: 405,
    headers: { allow: 'GET, HEAD, PUT' },
  })
  t.match((await ask('HEAD /x')).rules[0]?.conditions[0], { name: 'methods', seen: 'HEAD', isMet: true })
  t.match(await ask('GET /nothing'), { rules: [], decision: { reason: 'no-rule', status: 404 } })
  const spelled = await ask('GET /x%2f')
  t.strictSame(spelled.rules, [])
  const opted = explainerOf(t, { routes: routesOf('path: /**, access: public, allow: [encoded-slash]') })
  t.match((await opted.ask('GET /a%2Fb')).rules[0]?.conditions[0], { name: 'allow', lacks: [], isMet: true })
  t.match((await opted.ask('GET /a//b')).rules[0]?.conditions, [
    { name: 'allow', wanted: ['empty-segment'], seen: ['encoded-slash'], lacks: ['empty-segment'] },
  ])
})

t.test('a preflight is told with the origins that its rule allows', async (t) => {
  const { ask } = explainerOf(t, {
    routes: routesOf('path: /**, access: public, cors: { origins: [https://spa.test] }'),
  })
  const preflight = (origin: string) =>
    ask('OPTIONS /x', { headers: [`Origin: ${origin}`, 'Access-Control-Request-Method: PUT'] })
  const good = await preflight('https://spa.test')
  t.match(good.rules[0]?.conditions, [{ name: 'cors', wanted: ['https://spa.test'], isMet: true }])
  t.match(good.decision, { kind: 'answer', reason: 'preflight', status: 204 })
  t.ok(isAllowed(good))
  const bad = await preflight('https://evil.test')
  t.match(bad.rules[0]?.conditions, [{ name: 'cors', seen: 'https://evil.test', isMet: false }])
  t.match(bad.decision, { kind: 'refuse', reason: 'cors-refused', status: 403 })
})

t.test('what a bearer token says is judged as if its signature were good', async (t) => {
  const { ask } = explainerOf(t, {
    bearer,
    routes: routesOf(
      'path: /api/**, scopes: [read]',
      `path: /b/**, access: authenticated, audience: [${api}/b]`,
    ),
  })
  const outcomes: [claims: Record<string, unknown>, reason: string, target?: string][] = [
    [{ scopes: ['read'] }, 'scope-ok'],
    [{ sub: 'alice', permissions: 'read' }, 'scope-ok'],
    [{ sub: 'alice', scope: 'read' }, 'missing-scope'],
    [{ aud: 'https://elsewhere.example.com', scopes: 'read' }, 'token-audience-wrong'],
    [{ exp: now - 1, scopes: 'read' }, 'token-expired'],
    [{ exp: now + 1, scopes: 'read' }, 'scope-ok'],
    [{ iss: 'https://nobody.example.com' }, 'token-issuer-unknown'],
    [{ cnf: { jkt: 'x' } }, 'token-claims-invalid'],
    [{}, 'token-audience-wrong', '/b/x'],
    [{ iss: 'https://other.example.com' }, 'authenticated', '/b/x'],
  ]
  for (const [claims, reason, target = '/api/x'] of outcomes) {
    const { decision } = await ask(`GET ${target}`, { as: token(claims) })
    t.equal(decision.reason, reason, JSON.stringify(claims))
  }
  const { caller, rules, upstream } = await ask('GET /b/x', {
    as: token({ iss: 'https://other.example.com' }),
  })
  t.match(caller, { kind: 'bearer', scopes: [] })
  t.notOk('sub' in caller)
  t.match(rules[0]?.conditions, [
    { name: 'access', seen: 'a client' },
    { name: 'credentials', wanted: ['session', 'bearer'], seen: 'bearer' },
    { name: 'audience', wanted: [`${api}/b`], seen: [`${api}/b`], isMet: true },
  ])
  t.match(upstream?.headers.at(-1), ['Authorization', 'Bearer <access token>'])
  const unsaid = await ask('GET /b/x', { headers: ['Authorization: Bearer abc'] })
  t.match(unsaid.decision, { kind: 'challenge', reason: 'token-issuer-unknown', status: 401 })
})

t.test(
  'a bearer token is passed over where none is accepted, and a session where only tokens are',
  async (t) => {
    const { ask } = explainerOf(t, {})
    t.match(await ask('GET /x', { as: token({ sub: 'alice' }) }), {
      caller: { kind: 'nobody', isPassedOver: true },
      decision: { kind: 'challenge', reason: 'no-session' },
    })
    const { ask: askApi } = explainerOf(t, {
      bearer,
      routes: routesOf('path: /**, access: authenticated, credentials: [bearer]'),
    })
    t.match(await askApi('GET /x', { as: person({}) }), {
      caller: { kind: 'nobody', isPassedOver: true },
      decision: { kind: 'challenge', reason: 'no-token' },
    })
    const { ask: askBoth } = explainerOf(t, {
      bearer,
      routes: routesOf('path: /a/**, access: public', 'path: /**, access: optional, credentials: [session]'),
    })
    t.match((await askBoth('GET /a/x', { as: token({}) })).caller, { kind: 'nobody', isPassedOver: true })
    const folded = await askBoth('GET /x', { as: token({}) })
    t.match(folded.caller, { kind: 'nobody', isPassedOver: true })
  },
)

t.test('introspection stands for tokens of any issuer that it knows', async (t) => {
  const { ask } = explainerOf(t, {
    bearer: `bearer: { introspection: { endpoint: https://login.example.com/introspect, client_id: api, client_secret: hush2, audience: ${api} } }`,
  })
  t.match((await ask('GET /x', { as: token({}) })).decision, { kind: 'forward', reason: 'authenticated' })
  t.match(
    (await ask('GET /x', { as: token({ iss: 'https://x.test' }) })).decision.reason,
    'token-issuer-unknown',
  )
})

t.test('credentials that the client sends itself are not shown', async (t) => {
  const { ask } = explainerOf(t, {
    routes: routesOf('path: /**, access: public, authorization: pass'),
    upstreams: 'upstreams: { web: { url: "unix:/run/web.sock:/base", token: none } }',
  })
  const { upstream } = await ask('GET /x', {
    headers: ['Authorization: Basic c2VjcmV0', 'Cookie: a=secret; b="secret"', 'X-Other: plain'],
  })
  t.notMatch(JSON.stringify(upstream), /secret|c2VjcmV0/)
  t.match(upstream, { name: 'web', address: 'unix:/run/web.sock' })
  t.match(new Map(upstream?.headers), new Map([['Authorization', 'Basic <credentials>']]))
  t.match(new Map(upstream?.headers).get('Cookie'), 'a=<value>; b=<value>')
  t.match(new Map(upstream?.headers).get('X-Other'), 'plain')
})

t.test('a WebSocket handshake and a host that only a rule names are told as such', async (t) => {
  const { ask } = explainerOf(t, {
    routes: routesOf('path: /**, access: authenticated', 'path: /**, host: api.test, access: public'),
  })
  const handshake = ['Connection: Upgrade', 'Upgrade: websocket']
  const socket = await ask('GET /x', { as: person({}), headers: handshake })
  t.match(socket.request, { isWebSocket: true, isPageView: false })
  t.match(socket.decision, { kind: 'forbid', reason: 'cross-site' })
  t.match(socket.rules[0]?.conditions.at(-1), { name: 'csrf', isMet: false })
  const named = await ask('GET /x', { host: 'api.test' })
  t.strictSame(named.host, { name: 'api.test', isServed: true })
  t.match(explanationText(named), /api\.test, named by a rule/)
  t.match(await ask('GET /x', { headers: ['Accept: text/html', 'Accept: */*'] }), {
    request: { isPageView: true },
  })
})

t.test('a session that goes round in circles is told, and one that could be renewed', async (t) => {
  const { ask } = explainerOf(t, {})
  const counted = ['Cookie: __Host-postern_logins=3.x', 'Accept: text/html']
  t.match((await ask('GET /x', { headers: counted })).decision, { kind: 'login', status: 400 })
})

t.test(
  'a check is told with what the proxy is told, and one without a method with the rules of all',
  async (t) => {
    const { ask } = explainerOf(t, {
      server: 'server: { public_url: https://app.example.com, trusted_proxies: [10.0.0.0/8] }',
      forward_auth: 'forward_auth: { preset: nginx, original_method: ignored }',
      upstreams: '',
      routes: 'routes: [{ path: /x, methods: [GET], access: authenticated }, { path: /x, scopes: [a] }]',
    })
    const { rules, decision, request, upstream } = await ask('GET /x', {
      as: person({ scopes: 'a' }),
      isCheck: true,
    })
    t.match(request, { via: 'check' })
    t.equal(upstream, undefined)
    t.strictSame(
      rules.map(({ name, readings }) => [name, readings]),
      [
        ['routes[0]', []],
        ['routes[1]', []],
      ],
    )
    t.match(decision, { kind: 'forward', status: 200, headers: { authorization: 'Bearer <access token>' } })
    t.match((await ask('GET /x', { as: person({}) })).decision, { kind: 'refuse', reason: 'no-upstream' })
  },
)

t.test('a check that cannot be read is refused, and a preflight is told to anybody', async (t) => {
  const { ask } = explainerOf(t, {
    server: 'server: { public_url: https://app.example.com, trusted_proxies: [10.0.0.0/8] }',
    forward_auth: 'forward_auth: { preset: traefik }',
    routes: routesOf('path: /**, access: authenticated, cors: { origins: [https://spa.test] }'),
  })
  t.match((await ask('GET /x', { host: 'a b', isCheck: true })).decision, {
    kind: 'refuse',
    reason: 'original-invalid',
    status: 400,
  })
  const headers = ['Origin: https://spa.test', 'Access-Control-Request-Method: PUT']
  t.match(await ask('OPTIONS /x', { headers, isCheck: true }), {
    rules: [{ conditions: [{ name: 'cors', isMet: true }] }],
    decision: { kind: 'answer', reason: 'preflight', status: 200 },
  })
})

const faults: [target: string, text: RegExp][] = [
  [`/${'a'.repeat(8000)}`, /is longer than/],
  ['*', /does not begin with \//],
  ['/x?a b', /in the query that must be escaped: U\+0020/],
  ['/a\\b', /must be escaped, or can be no part of a path: \\/],
  ['/%zz', /no two hexadecimal digits follow/],
  ['/%00', /an escape that may not stand in a path.*: %00/],
  ['/a/../b', /takes for "\.", "\.\." or nothing: \/\.\./],
  ['/%ff', /are no UTF-8 text/],
  ['/%E2%84%AA', /takes for another one, or drops: U\+212A/],
  ['/a//b.;x/%40', /can be read in too many ways/],
]

t.test('why a target is refused is told in words, and nothing of it reaches a terminal raw', async (t) => {
  const { ask } = explainerOf(t, {})
  for (const [target, text] of faults) {
    const explanation = await ask(`GET ${target}`)
    t.match(explanationText(explanation), text)
    t.match(JSON.parse(explanationJson(explanation)).path, { canonical: false })
  }
  t.match(explanationText(await ask('GET /\x1b[2J')), /^GET app\.example\.com\/U\+001B\[2J\n/)
})

t.test('the text is aligned, and says what is missing', async (t) => {
  const { ask } = explainerOf(t, {
    routes: routesOf('path: /x/**, methods: [GET], scopes: [a, b], max_age: 5m, acr: [high]'),
  })
  const as = person({ sub: 'alice', scopes: ['a'], auth_time: now - 30, deep: { x: 1 }, bell: '\x07' })
  const { file } = (await ask('GET /x', { as })).rules[0]?.at ?? {}
  const text = explanationText(await ask('GET /x;y?z', { as })).replaceAll(`${file}`, 'postern.yaml')
  t.equal(
    text,
    `GET app.example.com/x;y?z

Path       /x;y
Query      ?z
Read also  /x
Host       app.example.com, served as https://app.example.com
Kind       no page view
Caller     nobody: what came along does not count here

Decision   refuse, because no-rule: 404
`,
  )
  t.equal(
    explanationText(await ask('GET /x', { as })).replaceAll(`${file}`, 'postern.yaml'),
    `GET app.example.com/x

Path       /x
Host       app.example.com, served as https://app.example.com
Kind       no page view
Caller     session of alice
           scopes     a
           auth_time  1799999970
           deep       {"x":1}
           bell       U+0007

Rule       routes[0] at postern.yaml:6  GET  /x/**, decides
           yes  methods      GET            GET
           yes  access       authenticated  alice
           yes  credentials  session        session
           NO   scopes       a, b           a, lacks b
           NO   acr          high           nothing
           yes  max_age      300 s          30 s ago

Decision   forbid, because missing-scope: 403 (routes[0])
Answer     www-authenticate: Bearer realm="https://app.example.com", error="insufficient_scope", error_description="More scope is needed than was granted", scope="a b"
`,
  )
  const nobodys = explanationText(await ask('GET /x', { headers: ['Accept: text/html'] }))
  t.match(nobodys, /Kind {7}page view\nCaller {5}nobody\n/)
  t.match(
    explanationText(await ask('PUT /x')),
    /\nRule {7}routes\[0\] at [^\n]*:6 {2}GET {2}\/x\/\*\*\n {11}NO {2}methods {2}GET {2}PUT\n\nDecision {3}refuse, because wrong-method: 405\nAnswer {5}allow: GET, HEAD\n/,
  )
  const twice = explanationText(await ask('GET /x/a.;b'))
  t.match(twice, /Read also {2}\/x\/a\.\n {11}\/x\/a\n/)
  t.match(twice, /\nRule {7}routes\[0\] at [^\n]*\/x\/\*\*, for \/x\/a\. and \/x\/a, decides\n/)
  t.match(nobodys, /NO {3}access {7}authenticated {2}nobody\n/)
  t.match(nobodys, /NO {3}scopes {7}a, b {11}nothing, lacks a, b\n/)
  t.match(nobodys, /Decision {3}login, because no-session: 302 \(routes\[0\]\)\nAnswer {5}location: <sign-in/)
})

t.test('the text tells what goes to the upstream, and of a check what the proxy is told', async (t) => {
  const { ask } = explainerOf(t, {
    server: 'server: { public_url: https://app.example.com, trusted_proxies: [10.0.0.0/8] }',
    forward_auth: 'forward_auth: { preset: caddy, token: none }',
    routes: routesOf('path: /**, access: public', 'path: /mine/**, access: authenticated'),
  })
  t.match(
    explanationText(await ask('GET /x?y', { as: person({ scopes: [] }) })),
    /whoever it is\n\nDecision {3}forward, because public \(routes\[0\]\)\nUpstream {3}web at https:\/\/web:3443\nAsked for {2}\/x\?y\nHeaders {4}Host: app\.example\.com\n {11}X-Forwarded-Proto: https\n/,
  )
  const check = explanationText(await ask('GET /mine/x', { as: person({ sub: 'al' }), isCheck: true }))
  t.match(check, /^GET app\.example\.com\/mine\/x, asked about by a proxy\n/)
  t.match(check, /scopes {2}none\n/)
  t.match(check, /\nTold {7}cache-control: private, no-store\n {11}x-auth-request-user: al\n/)
  const socket = await ask('GET /x', { headers: ['Connection: Upgrade', 'Upgrade: websocket'], host: 'a b' })
  t.match(explanationText(socket), /Host {7}not a host\nKind {7}WebSocket handshake/)
  t.match(
    explanationText(await ask('GET /x', { host: 'evil.test' })),
    /Host {7}evil\.test, not served here\n/,
  )
  t.match(explanationText(await ask('GET /x//y')), /Needs {6}empty-segment\n/)
})

t.test('URLs are taken apart without being put right', async (t) => {
  const rows: [url: string, host?: string, target?: string][] = [
    ['/a/../b', 'own.test', '/a/../b'],
    ['https://a.test', 'a.test', '/'],
    ['https://a.test?q', 'a.test', '/?q'],
    ['HTTPS://A.test:443/%2e%2e/x?y#z', 'A.test', '/%2e%2e/x?y#z'],
    ['http://a.test:80//x', 'a.test', '//x'],
    ['http://a.test:443/', 'a.test:443', '/'],
    ['https://a.test\\x', 'a.test\\x', '/'],
    ['ftp://a.test/'],
    ['https:///x'],
    ['a.test/x'],
    [''],
  ]
  for (const [url, host, target] of rows) {
    const split = splitUrl(url, 'own.test')
    t.strictSame([split?.host, split?.target], [host, target], url)
  }
})

t.test('a rule that takes no tokens counts a token as nobody, beside one that does', async (t) => {
  const { ask } = explainerOf(t, {
    bearer,
    routes: routesOf(
      'path: /a/**, access: authenticated, credentials: [bearer]',
      'path: /**, access: authenticated, credentials: [session]',
    ),
  })
  const { rules } = await ask('GET /a;x', { as: token({ sub: 'alice' }) })
  t.strictSame(
    rules.map(({ path, conditions }) => [
      path,
      conditions.map(({ name, seen, isMet }) => [name, seen, isMet]),
    ]),
    [
      [
        '/**',
        [
          ['access', undefined, false],
          ['credentials', 'bearer', false],
        ],
      ],
      [
        '/a/**',
        [
          ['access', 'alice', true],
          ['credentials', 'bearer', true],
        ],
      ],
    ],
  )
})

t.test('a made-up session is never written', async (t) => {
  const store = storeOf(undefined)
  t.strictSame([store.read('a=b').isPresent, store.clear('a=b'), store.owns('a')], [false, [], false])
  t.strictSame(storeOf(sampleSession()).write(sampleSession(), 'a=b'), [])
})

t.test('where nobody signs in there are no endpoints for that', async (t) => {
  const { ask } = explainerOf(t, { provider: '', session: '', bearer })
  t.match((await ask('GET /oauth2/start')).decision, { kind: 'refuse', reason: 'own-endpoint-unknown' })
})

t.test('a token in a request is noticed', async (t) => {
  const brings = (value: string) => bringsToken(askedOf('GET /', [`authorization: ${value}`]))
  t.strictSame(['Bearer abc', 'Basic abc', ','].map(brings), [true, false, false])
  const { explain } = explainerOf(t, {})
  t.match((await explain(askedOf('GET /x', ['Host: app.example.com']), nobody)).host, { isServed: true })
})
