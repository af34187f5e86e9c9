import { isAbsolute, join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { ConfigError } from '../../src/config/problem.ts'
import type { Rule } from '../../src/core/rules.ts'
import { linesOf, load, problemLines, testKey, yamlWith } from './support.ts'

t.test('gives every key its default', async (t) => {
  const config = load(t, {})
  t.strictSame(config.server, {
    listen: { host: '0.0.0.0', port: 4180 },
    public_url: ['https://app.example.com'],
    prefix: '/oauth2',
    trusted_proxies: [],
    workers: 1,
    watch_files: true,
    shutdown: { delay: 5_000, timeout: 20_000 },
    dangerously_allow_http: false,
    timeouts: { headers: 15_000, request: 'none', send: 120_000, keep_alive: 75_000 },
    limits: {
      max_headers: 49_152,
      max_body: 'none',
      max_connections: 'none',
      max_connections_per_client: 'none',
      max_requests_per_connection: 'none',
      logins_per_minute: 300,
    },
    overload: { event_loop_delay: 500, memory: 0.95 },
  })
  t.strictSame(config.admin, { listen: { host: '127.0.0.1', port: 4181 }, metrics: true })
  t.match(config.provider, {
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    client_auth: 'client_secret_basic',
    claims_from: ['id_token', 'userinfo'],
    userinfo: { sub: 'sub' },
    clock_tolerance: 30_000,
    timeout: 10_000,
  })
  t.strictSame(config.session, {
    keys: [Buffer.from(testKey, 'base64')],
    cookie: { name: 'postern', same_site: 'lax', max_chunks: 4 },
    store: 'cookie',
    absolute_lifetime: 43_200_000,
    idle_timeout: 3_600_000,
    refresh_before: 60_000,
  })
  const { web } = config.upstreams
  t.strictSame(web, {
    url: { origin: 'https://web:3443', base_path: '' },
    token: 'access',
    host: 'keep',
    case_sensitive: false,
    tls: {},
    timeouts: { connect: 5_000, headers: 30_000, body: 60_000 },
    identity_headers: {
      'X-Forwarded-User': 'sub',
      'X-Forwarded-Email': 'email',
      'X-Forwarded-Groups': 'groups',
      'X-Forwarded-Preferred-Username': 'preferred_username',
    },
  })
  t.strictSame(config.logging, { level: 'info', format: 'auto' })
  t.strictSame(config.warnings, [])
})

t.test('has no bearer section unless it is written', async (t) => t.equal(load(t, {}).bearer, undefined))

t.test('makes a rule of each route', async (t) => {
  const { routes } = load(t, {
    upstreams: 'upstreams: { web: { url: https://web:3443, case_sensitive: true } }',
    routes: `routes:
  - { path: /a, upstream: web, access: public, authorization: pass, csrf: off, allow: [encoded-slash] }
  - path: /b/**
    host: App.example.com:8443
    methods: [get, M-SEARCH]
    upstream: web
    scopes: [a]
    any_scope: [b, c]
    claims: { groups: [staff, 3, true] }
    on_unauthenticated: challenge
    allowed_origins: [https://b.example.com/]`,
  })
  const first: Rule = {
    name: 'routes[0]',
    path: '/a',
    upstream: 'web',
    access: 'public',
    credentials: ['session'],
    audience: [],
    scopes: [],
    anyScope: [],
    claims: {},
    acr: [],
    onMissingScope: 'forbid',
    allow: ['encoded-slash'],
    onUnauthenticated: 'auto',
    allowedOrigins: [],
    csrf: false,
    authorization: 'pass',
    caseSensitive: true,
  }
  const second: Rule = {
    name: 'routes[1]',
    path: '/b/**',
    host: 'app.example.com:8443',
    methods: ['GET', 'M-SEARCH'],
    upstream: 'web',
    access: 'authenticated',
    credentials: ['session'],
    audience: [],
    scopes: ['a'],
    anyScope: ['b', 'c'],
    claims: { groups: ['staff', 3, true] },
    acr: [],
    onMissingScope: 'forbid',
    allow: [],
    onUnauthenticated: 'challenge',
    allowedOrigins: ['https://b.example.com'],
    csrf: true,
    authorization: 'strip',
    caseSensitive: true,
  }
  t.strictSame(routes, [first, second])
})

t.test('makes a rule of what a route says about tokens, authentication and missing scopes', async (t) => {
  const { routes } = load(t, {
    bearer:
      'bearer: { issuers: [{ issuer: https://login.example.com, audience: [https://api.example.com, orders] }] }',
    routes: `routes:
  - { path: /a, upstream: web, any_scope: [a], credentials: [bearer], audience: [orders] }
  - { path: /b, upstream: web, scopes: [a], on_missing_scope: request, acr: [urn:example:mfa, "2"], max_age: 90m }`,
  })
  t.match(routes[0], { credentials: ['bearer'], audience: ['orders'], onMissingScope: 'forbid', acr: [] })
  t.notOk('maxAge' in (routes[0] as Rule))
  t.match(routes[1], { credentials: ['session', 'bearer'], audience: [], onMissingScope: 'request' })
  t.match(routes[1], { acr: ['urn:example:mfa', '2'], maxAge: 5_400 })
})

t.test('takes a route that names nothing but how somebody authenticated', async (t) => {
  const routes = 'routes: [{ path: /a, upstream: web, acr: [mfa] }, { path: /b, upstream: web, max_age: 5m }]'
  for (const { access } of load(t, { routes }).routes) t.equal(access, 'authenticated')
})

t.test('reads files that keys name, relative to the configuration', async (t) => {
  const config = load(t, {
    provider:
      'provider: { issuer: https://login.example.com, client_id: p, client_secret_file: secret, client_auth: private_key_jwt, client_key_file: key.pem, client_key_id: k1, tls: { ca_file: cert.pem } }',
    session: 'session: { keys_file: keys }',
    upstreams:
      'upstreams: { web: { url: https://web, tls: { ca_file: cert.pem, cert_file: cert.pem, key_file: key.pem, server_name: web.internal } } }',
  })
  const certificate = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----'
  const key = '-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----'
  t.equal(config.provider?.client_secret, 'top-secret')
  t.strictSame(config.provider?.client_key, { pem_or_jwk: key, key_id: 'k1' })
  t.strictSame(config.provider?.tls, { ca: certificate })
  t.equal(config.session.keys.length, 2)
  const { web } = config.upstreams
  t.strictSame(web?.tls, {
    ca: certificate,
    cert: certificate,
    key,
    server_name: 'web.internal',
  })
})

t.test('takes a client key without an id', async (t) => {
  const { provider } = load(t, {
    provider:
      'provider: { issuer: https://login.example.com, client_id: p, client_auth: private_key_jwt, client_key_file: key.pem }',
  })
  t.strictSame(Object.keys(provider?.client_key ?? {}), ['pem_or_jwk'])
})

t.test('takes a provider of plain OAuth 2.0', async (t) => {
  const { provider } = load(t, {
    provider:
      'provider: { endpoints: { authorization: https://id.example.com/a, token: https://id.example.com/t, userinfo: https://id.example.com/u }, client_id: p, client_auth: none, scopes: ["read:user"], userinfo: { preferred_username: login } }',
  })
  t.strictSame(provider?.userinfo, { sub: 'sub', preferred_username: 'login' })
})

const listeners: [string, object][] = [
  ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
  ['"[::]:4180"', { host: '::', port: 4180 }],
  ['":4180"', { host: '0.0.0.0', port: 4180 }],
  ['"localhost:0"', { host: 'localhost', port: 0 }],
  ['unix:/run/postern.sock', { path: '/run/postern.sock' }],
]

for (const [text, listen] of listeners) {
  t.test(`listens on ${text}`, async (t) => {
    const { server } = load(t, { server: `server: { public_url: https://app.example.com, listen: ${text} }` })
    t.strictSame(server.listen, listen)
  })
}

t.test('lets the system choose a port for both listeners', async (t) => {
  const overrides = {
    server: 'server: { public_url: https://app.example.com, listen: "127.0.0.1:0" }',
    admin: 'admin: { listen: "127.0.0.1:0" }',
  }
  t.strictSame(problemLines(t, yamlWith(overrides)), [])
})

t.test('refuses one socket for both listeners', async (t) => {
  const overrides = {
    server: 'server: { public_url: https://app.example.com, listen: unix:/run/p.sock }',
    admin: 'admin: { listen: unix:/run/p.sock }',
  }
  t.match(problemLines(t, yamlWith(overrides)), [/admin\.listen {2}must differ/])
})

const upstreamUrls: [string, object][] = [
  ['http://web:8080', { origin: 'http://web:8080', base_path: '' }],
  ['https://web/', { origin: 'https://web', base_path: '' }],
  ['https://web:3443/v1/x/', { origin: 'https://web:3443', base_path: '/v1/x' }],
  ['unix:/run/web.sock', { origin: 'http://localhost', socket_path: '/run/web.sock', base_path: '' }],
]

for (const [text, url] of upstreamUrls) {
  t.test(`reaches an upstream at ${text}`, async (t) => {
    const { web } = load(t, { upstreams: `upstreams: { web: { url: "${text}" } }` }).upstreams
    t.strictSame(web?.url, url)
  })
}

const identityHeaders: [string, object][] = [
  ['false', {}],
  ['{ X-User: sub }', { 'X-User': 'sub' }],
]

for (const [text, headers] of identityHeaders) {
  t.test(`takes identity headers written as ${text}`, async (t) => {
    const upstreams = `upstreams: { web: { url: http://web, identity_headers: ${text} } }`
    const { web } = load(t, { upstreams }).upstreams
    t.strictSame(web?.identity_headers, headers)
  })
}

const durations: [string, number | 'none'][] = [
  ['500ms', 500],
  ['30s', 30_000],
  ['5m', 300_000],
  ['12h', 43_200_000],
  ['none', 'none'],
]

for (const [text, value] of durations) {
  t.test(`reads the duration ${text}`, async (t) => {
    t.equal(
      load(t, { session: `session: { keys: [${testKey}], idle_timeout: ${text} }` }).session.idle_timeout,
      value,
    )
  })
}

t.test('takes http on loopback hosts without a warning', async (t) => {
  const hosts = ['localhost', 'a.localhost', '127.3.2.1', '[::1]'].map((host) => `"http://${host}:4180"`)
  const { server, warnings } = load(t, { server: `server: { public_url: [${hosts.join(', ')}] }` })
  t.equal(server.public_url.length, 4)
  t.strictSame(warnings, [])
})

t.test('warns of each address of the bearer section that a switch leaves unencrypted', async (t) => {
  const { warnings } = load(t, {
    bearer: `bearer:
  dangerously_allow_http: true
  issuers:
    - { issuer: http://a.example.com/realm, audience: a, jwks_uri: http://b.example.com/keys }
    - { issuer: http://127.0.0.1:9400, audience: a, jwks_uri: https://c.example.com/keys }
  introspection: { endpoint: http://d.example.com/i, client_id: p, client_secret: s, audience: a }`,
  })
  const told = (place: string, origin: string) =>
    `${place}  is not encrypted (${origin}): whoever is on the network can make up tokens; write https://, and take "dangerously_allow_http" out`
  t.strictSame(linesOf(warnings), [
    told('11:17  bearer.issuers[0].issuer', 'http://a.example.com'),
    told('11:68  bearer.issuers[0].jwks_uri', 'http://b.example.com'),
    told('13:30  bearer.introspection.endpoint', 'http://d.example.com'),
  ])
})

t.test('warns of an issuer whose access tokens have the audience of ID tokens', async (t) => {
  const bearer = (type: string) =>
    `bearer: { issuers: [{ issuer: https://other.example.com, audience: a }, { issuer: https://login.example.com, audience: [a, postern], type: ${type} }] }`
  const warning =
    '8:120  bearer.issuers[1].audience  has provider.client_id, "postern", the audience of this gateway\'s ID tokens: tokens that are not marked as access tokens are refused; give the API an audience of its own, or write "type: at+jwt"'
  t.strictSame(linesOf(load(t, { bearer: bearer('any') }).warnings), [warning])
  t.strictSame(linesOf(load(t, { bearer: bearer('jwt') }).warnings), [warning])
  t.strictSame(load(t, { bearer: bearer('at+jwt') }).warnings, [], 'these are told apart')
  const nobody = { provider: '', session: '', bearer: bearer('any') }
  t.strictSame(load(t, nobody).warnings, [], 'there are no ID tokens for this gateway')
})

t.test('warns of each address that a switch leaves unencrypted', async (t) => {
  const { warnings } = load(t, {
    server: 'server: { public_url: http://app.example.com, dangerously_allow_http: true }',
    provider:
      'provider: { issuer: http://login.example.com/realm, client_id: p, client_secret: s, dangerously_allow_http: true }',
  })
  const told = (place: string, origin: string) =>
    `${place}  is not encrypted (${origin}): whoever is on the network can take over sessions; write https://, and take "dangerously_allow_http" out`
  t.strictSame(linesOf(warnings), [
    told('1:23  server.public_url', 'http://app.example.com'),
    told('3:21  provider.issuer', 'http://login.example.com'),
  ])
})

t.test('names an unencrypted endpoint in its warning', async (t) => {
  const { warnings } = load(t, {
    provider:
      'provider: { endpoints: { authorization: https://id.example.com/a, token: http://id.example.com/t, userinfo: https://id.example.com/u }, scopes: [a], client_id: p, client_secret: s, dangerously_allow_http: true }',
  })
  t.match(linesOf(warnings), [/^3:74 {2}provider\.endpoints\.token {2}is not encrypted \(http:/])
})

t.test('lets a cookie domain cover public hosts and the hosts of routes', async (t) => {
  const overrides = {
    server: 'server: { public_url: [https://example.com, https://app.example.com] }',
    session: `session: { keys: [${testKey}], cookie: { domain: example.com } }`,
    routes:
      'routes: [{ path: /a, upstream: web, access: authenticated, host: "*.example.com" }, { path: /b, upstream: web, access: authenticated, host: shop.example.com }]',
  }
  t.strictSame(problemLines(t, yamlWith(overrides)), [])
})

t.test('takes a public route on any host', async (t) => {
  const routes = 'routes: [{ path: /a, upstream: web, access: public, host: other.example.org }]'
  t.strictSame(problemLines(t, yamlWith({ routes })), [])
})

t.test('fills in variables, and keeps an escaped one', async (t) => {
  const { provider } = load(
    t,
    {
      provider: `provider: { issuer: "https://$\{HOST}/x", client_id: "$$\{ID}", client_secret: "a$\{SECRET}b$\{SECRET}" }`,
    },
    { HOST: 'login.example.com', SECRET: '$&' },
  )
  t.match(provider, { issuer: 'https://login.example.com/x', client_id: `$\{ID}`, client_secret: 'a$&b$&' })
})

t.test('freezes everything but the bytes of keys', async (t) => {
  const config = load(t, {})
  const values: unknown[] = [config, config.server.timeouts, config.routes[0]?.scopes, config.session.keys]
  t.ok(values.every(Object.isFrozen))
})

t.test('reads through the function it is given', async (t) => {
  const seen: string[] = []
  const readFile = (path: string) => {
    seen.push(path)
    return path.endsWith('secret')
      ? 'hush\r\n'
      : yamlWith({
          provider:
            'provider: { issuer: https://login.example.com, client_id: p, client_secret_file: secret }',
        })
  }
  const { provider } = loadConfig('postern.yaml', { env: {}, readFile })
  t.equal(provider?.client_secret, 'hush')
  t.ok(isAbsolute(String(seen[1])))
})

t.test('tells of a configuration file that cannot be read', async (t) => {
  const folder = t.testdir({ folder: {} })
  const message = (file: string) => {
    try {
      return loadConfig(file, { env: {} })
    } catch (error) {
      return error instanceof ConfigError ? error.problems : error
    }
  }
  const missing = join(folder, 'missing.yaml')
  const place = { line: 1, column: 1, path: '' }
  t.strictSame(message(missing), [
    { file: missing, ...place, message: 'cannot be read: no such file or directory' },
  ])
  t.match(message(join(folder, 'folder')), [{ message: 'cannot be read: illegal operation on a directory' }])
  t.match(message('a\0b'), [{ message: 'cannot be read: the path is not acceptable' }])
})

t.test('places the problems that the rule table finds', async (t) => {
  const seen: string[] = []
  const checkRules = (rules: Rule[]) => {
    seen.push(...rules.map(({ name }) => name))
    return [
      { rule: 0, key: 'path', message: 'is a bad pattern' },
      { rule: 2, key: '', message: 'ranks with routes[1]' },
    ]
  }
  const routes =
    'routes: [{ path: x, upstream: web, access: public }, { path: /y, upstream: web, access: public }, { path: /z, upstream: toString, access: public }, { path: /y, upstream: web, access: public }]'
  const lines = problemLines(t, yamlWith({ routes }), { env: {}, checkRules })
  t.strictSame(seen, ['routes[1]', 'routes[2]', 'routes[3]'])
  t.strictSame(lines, [
    'postern.yaml:6:18  routes[0].path  must be a path that begins with /, like /api/**',
    'postern.yaml:6:62  routes[1].path  is a bad pattern',
    'postern.yaml:6:121  routes[2].upstream  is not the name of an upstream',
    'postern.yaml:6:149  routes[3]  ranks with routes[1]',
  ])
})

t.test('checks rules although the upstreams are wrong', async (t) => {
  const checkRules = (rules: Rule[]) =>
    rules.map((_, rule) => ({ rule, key: 'path', message: 'is a bad pattern' }))
  const yaml = yamlWith({
    upstreams: 'upstreams:',
    routes: 'routes: [{ path: /x, upstream: web, access: public }]',
  })
  t.match(problemLines(t, yaml, { env: {}, checkRules }), [
    /upstreams {2}is empty/,
    / {2}is a bad pattern$/,
    /unknown|is not the name/,
  ])
})
