import t from 'tap'
import { parse } from 'yaml'
import type { Preset } from '../../src/config/schema-forward-auth.ts'
import { commentOf, loadPrinted, migrateOptions } from './support.ts'

function printed(options: Record<string, unknown>, preset?: Preset) {
  const yaml = migrateOptions(options, preset)
  loadPrinted(yaml)
  return { ...parse(yaml), told: commentOf(yaml) }
}

const urlsOf = (upstreams: Record<string, { url: string }>) =>
  Object.fromEntries(Object.entries(upstreams).map(([name, { url }]) => [name, url]))
const pathsOf = (routes: { path: string; upstream: string }[]) =>
  routes.map(({ path, upstream }) => `${path} ${upstream}`)

t.test('the path of an upstream says what it is for, and stays', async (t) => {
  const { upstreams, routes } = printed({
    upstreams: ['http://web:8080', 'https://api/v1/orders/', 'http://hooks:81/hook', 'http://x/Big/'],
  })
  t.strictSame(urlsOf(upstreams), {
    app: 'http://web:8080',
    'v1-orders-2': 'https://api',
    'hook-3': 'http://hooks:81',
    'big-4': 'http://x',
  })
  t.strictSame(pathsOf(routes), ['/v1/orders/** v1-orders-2', '/hook hook-3', '/Big/** big-4', '/** app'])
})

t.test('a socket', async (t) => {
  t.strictSame(urlsOf(printed({ upstreams: 'unix:///run/app.sock' }).upstreams), {
    app: 'unix:/run/app.sock',
  })
})

t.test('what cannot be an upstream is left out, without its password', async (t) => {
  const found = printed({
    upstreams: ['http://web', 'http://u:hunter2@x/', 'ftp://x', 'http://x/a?b', 'x', 'file:///srv/#/d/'],
  })
  t.strictSame(urlsOf(found.upstreams), { app: 'http://web' })
  t.match(
    found.told,
    /"http" with this address cannot be used.*"ftp" with.*"the value" with.*"file" is not served/,
  )
  t.notMatch(found.told, 'hunter2')
})

t.test('with none left, somebody has to say', async (t) => {
  t.match(printed({ upstreams: ['file:///srv/www/'] }), {
    upstreams: { app: { url: `$\{POSTERN_UPSTREAM_URL}` } },
    forward_auth: undefined,
    told: 'POSTERN_UPSTREAM_URL: the service behind Postern',
  })
})

t.test('two for one path', async (t) => {
  const found = printed({ upstreams: ['http://a', 'http://b'] })
  t.strictSame(urlsOf(found.upstreams), { app: 'http://b' })
  t.match(found.told, '/** has more than one service; the last one is kept')
})

t.test('the same paths in another case have one route', async (t) => {
  const found = printed({ upstreams: ['http://a', 'http://b/API/'], skip_auth_routes: ['^/api(/.*)?$'] })
  t.strictSame(pathsOf(found.routes), ['/api/** app', '/** app'])
  t.match(found.told, '/api/** and /API/** differ by case only; the first is kept')
})

t.test('a path that no upstream serves has no route', async (t) => {
  const found = printed({
    upstreams: ['http://a/app/'],
    skip_auth_routes: ['^/health/?$'],
    api_routes: ['^/app/api'],
  })
  t.strictSame(pathsOf(found.routes), ['/app/api/** app', '/app/** app'])
})

t.test('which token goes to the service', async (t) => {
  const token = (options: Record<string, unknown>) => printed(options).upstreams.app.token
  t.equal(token({}), 'none', 'as before')
  t.equal(token({ pass_access_token: true }), undefined, 'the default, which is the access token')
  t.equal(token({ pass_authorization_header: true }), 'id')
  const both = { pass_authorization_header: true, pass_access_token: true }
  t.match(printed(both), {
    upstreams: { app: { token: 'id' } },
    told: 'the service gets one token: the ID token',
  })
})

t.test('who is signed in', async (t) => {
  const headers = (options: Record<string, unknown>) => printed(options).upstreams.app.identity_headers
  t.equal(headers({}), undefined, 'the default, which has the same names')
  t.equal(headers({ pass_user_headers: false }), undefined, 'basic auth passes them too')
  t.equal(headers({ pass_user_headers: false, pass_basic_auth: false }), false)
  t.strictSame(headers({ prefer_email_to_user: true }), {
    'X-Forwarded-User': 'email',
    'X-Forwarded-Groups': 'groups',
    'X-Forwarded-Preferred-Username': 'preferred_username',
  })
  t.match(headers({ oidc_groups_claim: 'roles', oidc_email_claim: 'upn' }), {
    'X-Forwarded-User': 'sub',
    'X-Forwarded-Email': 'upn',
    'X-Forwarded-Groups': 'roles',
  })
})

t.test('host and timeouts', async (t) => {
  t.match(printed({ pass_host_header: false, upstream_timeout: '90s' }).upstreams.app, {
    host: 'rewrite',
    timeouts: { headers: '90s' },
  })
  for (const upstream_timeout of [undefined, '0', 'long', '9999h'])
    t.equal(printed({ upstream_timeout }).upstreams.app.timeouts, undefined)
})

t.test('without services another proxy asks', async (t) => {
  for (const upstreams of [
    undefined,
    [],
    'static://202',
    'file:///dev/null',
    ['static://200', 'file:///dev/null'],
  ]) {
    const found = printed({ upstreams })
    t.match(found, {
      upstreams: undefined,
      forward_auth: { preset: 'nginx', token: 'none', identity_headers: false },
      routes: [{ path: '/**', upstream: undefined, access: 'authenticated' }],
      server: { trusted_proxies: [`$\{POSTERN_TRUSTED_PROXY}`] },
      told: /another proxy asks: nginx, unless --preset.*let the proxy ask the endpoint auth/,
    })
  }
})

t.test('the user says which proxy asks, also where there are services', async (t) => {
  for (const preset of ['nginx', 'ingress-nginx', 'traefik', 'caddy', 'haproxy', 'envoy'] as const) {
    const found = printed({ upstreams: 'static://202' }, preset)
    t.equal(found.forward_auth.preset, preset)
    t.notMatch(found.told, 'unless --preset')
  }
  t.match(printed({}, 'caddy'), {
    forward_auth: { preset: 'caddy' },
    upstreams: { app: { url: 'http://web:8080' } },
  })
  t.equal(printed({}).forward_auth, undefined)
})

t.test('what the answers of the check carry', async (t) => {
  const answers = (options: Record<string, unknown>) =>
    printed({ upstreams: undefined, ...options }).forward_auth
  t.match(answers({ set_authorization_header: true }), { token: 'id' })
  t.strictSame(answers({ set_xauthrequest: true }), { preset: 'nginx', token: 'none' })
  t.equal(answers({ set_xauthrequest: true, pass_access_token: true }).access_token_header, true)
  t.equal(answers({ pass_access_token: true }).access_token_header, undefined)
  t.match(
    answers({ set_xauthrequest: true, oidc_email_claim: 'upn', prefer_email_to_user: true }).identity_headers,
    {
      'X-Auth-Request-User': 'sub',
      'X-Auth-Request-Email': 'upn',
    },
  )
})

t.test('what is public, where another proxy asks', async (t) => {
  const found = printed({
    upstreams: undefined,
    skip_auth_routes: ['GET=^/a/?$', '^/b/?$'],
    skip_auth_preflight: true,
  })
  t.strictSame(found.routes, [
    { path: '/a', methods: ['GET'], access: 'public' },
    { path: '/a', access: 'authenticated' },
    { path: '/b', access: 'public' },
    { path: '/**', access: 'authenticated' },
  ])
  t.match(found.told, /case is ignored: \/PUBLIC.*nginx must send X-Forwarded-Method/)
  t.match(found.told, 'skip_auth_preflight: let the proxy that asks answer OPTIONS')
})

t.test('methods of public paths are joined, and all of them win', async (t) => {
  const { routes } = printed({
    skip_auth_routes: ['get=^/a/?$', 'POST=^/a/?$', '^/b/?$', 'GET=^/b/?$', 'GET=^/c(/.*)?$', '^/c/d/?$'],
    skip_auth_preflight: true,
  })
  t.strictSame(
    routes.map(({ path, methods, access }: Record<string, unknown>) => [path, methods, access]),
    [
      ['/c/d', undefined, 'public'],
      ['/a', ['GET', 'POST', 'OPTIONS'], 'public'],
      ['/a', undefined, 'authenticated'],
      ['/b', undefined, 'public'],
      ['/c/**', ['GET', 'OPTIONS'], 'public'],
      ['/c/**', undefined, 'authenticated'],
      ['/**', ['OPTIONS'], 'public'],
      ['/**', undefined, 'authenticated'],
    ],
  )
})

t.test('a public path reaches into every upstream below it', async (t) => {
  const { routes } = printed({
    upstreams: ['http://a', 'http://b/x/y/'],
    skip_auth_regex: ['^/x(/.*)?$', '^/\\*', '^/\\*\\*$'],
  })
  t.strictSame(
    routes.map(({ path, upstream, access }: Record<string, unknown>) => [path, upstream, access]),
    [
      ['/x/y/**', 'x-y-2', 'public'],
      ['/x/**', 'app', 'public'],
      ['/**', 'app', 'authenticated'],
    ],
  )
})

t.test('expressions that are not translated are told, and need a sign-in', async (t) => {
  const found = printed({
    skip_auth_routes: ['GET!=^/x', '!=^/y', 'a-b=^/z', '[x', 'GET=\\.css$'],
    skip_auth_regex: ['png$'],
    api_routes: ['json$'],
  })
  t.strictSame(pathsOf(found.routes), ['/** app'])
  for (const text of [
    '"GET!=^/x": everything',
    '"!=^/y": everything',
    '"a-b=^/z" needs',
    '"[x" needs',
    '"GET=\\\\.css$" needs',
  ])
    t.match(found.told, `skip_auth_routes: ${text}`)
  t.match(found.told, 'skip_auth_regex: "png$" needs a sign-in now: not a plain path after ^.')
  t.match(found.told, 'api_routes: "json$" is not translated')
})

t.test('everything public is told', async (t) => {
  t.match(printed({ skip_auth_regex: ['.*'] }), {
    routes: [{ path: '/**', access: 'public' }],
    told: 'skip_auth_regex: ".*" makes everything public, as before',
  })
})

t.test('routes of an API, and all of them', async (t) => {
  const challenged = (options: Record<string, unknown>) =>
    printed(options).routes.map(({ path, on_unauthenticated }: Record<string, unknown>) => [
      path,
      on_unauthenticated,
    ])
  t.strictSame(challenged({ api_routes: ['^/api/', '^/v1$'] }), [
    ['/api/**', 'challenge'],
    ['/v1', 'challenge'],
    ['/**', undefined],
  ])
  t.strictSame(challenged({ force_json_errors: true, api_routes: ['^/x$'] }), [['/**', 'challenge']])
})
