import t from 'tap'
import { load, type Overrides, problemLines, yamlWith } from './support.ts'

/** What is wrong, the sections that have it, and the lines that say so. */
const cases: [string, Overrides, string[]][] = [
  [
    'no preset',
    { forward_auth: 'forward_auth: {}' },
    [
      'postern.yaml:8:15  forward_auth.preset  is required; it must be nginx, ingress-nginx, traefik, caddy, haproxy or envoy',
    ],
  ],
  [
    'a preset that is none',
    { forward_auth: 'forward_auth: { preset: apache }' },
    [
      'postern.yaml:8:25  forward_auth.preset  must be nginx, ingress-nginx, traefik, caddy, haproxy or envoy',
    ],
  ],
  [
    'redirects for nginx',
    { forward_auth: 'forward_auth: { preset: ingress-nginx, mode: redirect }' },
    [
      'postern.yaml:8:46  forward_auth.mode  must be status: nginx answers 500 when the check is a redirect; it redirects by itself on 401',
    ],
  ],
  [
    '202 for Envoy',
    { forward_auth: 'forward_auth: { preset: envoy, success_status: 202 }' },
    [
      'postern.yaml:8:48  forward_auth.success_status  must be 200: Envoy takes any other status for a denial',
    ],
  ],
  [
    'another status',
    { forward_auth: 'forward_auth: { preset: nginx, success_status: 204 }' },
    ['postern.yaml:8:48  forward_auth.success_status  must be 200 or 202'],
  ],
  [
    'a method that is ignored although it is always told',
    { forward_auth: 'forward_auth: { preset: traefik, original_method: ignored }' },
    ['postern.yaml:8:51  forward_auth.original_method  must be required: this proxy always tells the method'],
  ],
  [
    'identity headers that the answer or the connection has anyway',
    {
      forward_auth:
        'forward_auth: { preset: nginx, identity_headers: { Location: sub, X-User: sub, Cookie: sub } }',
    },
    [
      'postern.yaml:8:52  forward_auth.identity_headers.Location  must have letters, digits and hyphens only, since proxies copy no other names, and not be one that the answer has anyway',
      'postern.yaml:8:80  forward_auth.identity_headers.Cookie  must be a header name like X-Forwarded-User; connection, forwarding, Authorization, Cookie and Host headers cannot be set',
    ],
  ],
  [
    'hosts that are none',
    {
      redirect:
        'redirect: { allowed_hosts: ["https://a.test", "*", "a.*.test", "a.test:0", ok.test, "*.ok.test:8443"] }',
    },
    [29, 47, 52, 64].map(
      (column, index) =>
        `postern.yaml:8:${column}  redirect.allowed_hosts[${index}]  must be a host like app.example.com or app.example.com:8443, or *.example.com for those below it`,
    ),
  ],
  [
    'a route without upstream where nobody asks',
    { routes: 'routes: [{ path: /**, access: public }]' },
    ['postern.yaml:6:10  routes[0].upstream  is required; it must be the name of an upstream'],
  ],
  [
    'no upstreams where nobody asks',
    { upstreams: '', routes: 'routes: [{ path: /**, upstream: web, access: public }]' },
    [
      'postern.yaml:1:1  upstreams  is required; it must be a map with at least one upstream, like web: { url: "http://web:8080" }',
      'postern.yaml:6:33  routes[0].upstream  is not the name of an upstream',
    ],
  ],
  [
    'an upstream that nobody knows, although none is needed',
    {
      upstreams: '',
      routes: 'routes: [{ path: /**, upstream: web, access: public }]',
      forward_auth: 'forward_auth: { preset: nginx }',
    },
    ['postern.yaml:6:33  routes[0].upstream  is not the name of an upstream'],
  ],
]

for (const [name, overrides, lines] of cases) {
  t.test(name, async (t) => t.strictSame(problemLines(t, yamlWith(overrides)), lines))
}

const trusted = 'server: { public_url: https://app.example.com, trusted_proxies: [10.0.0.0/8] }'

t.test('each preset brings its defaults', async (t) => {
  const presets = ['nginx', 'ingress-nginx', 'traefik', 'caddy', 'haproxy', 'envoy']
  const found = presets.map((preset) => {
    const config = load(t, { server: trusted, forward_auth: `forward_auth: { preset: ${preset} }` })
    t.strictSame(config.warnings, [])
    return [config.forward_auth?.mode, config.forward_auth?.cookies]
  })
  t.strictSame(found, [
    ['status', 'passed'],
    ['status', 'passed'],
    ['redirect', 'dropped'],
    ['redirect', 'dropped'],
    ['status', 'passed'],
    ['status', 'dropped'],
  ])
})

t.test('what is written goes before the defaults of a preset', async (t) => {
  const { forward_auth } = load(t, {
    server: trusted,
    forward_auth:
      'forward_auth: { preset: caddy, mode: status, cookies: passed, identity_headers: false, token: none }',
  })
  t.match(forward_auth, { mode: 'status', cookies: 'passed', identity_headers: {}, token: 'none' })
})

t.test('routes need no upstream where another proxy forwards', async (t) => {
  const config = load(t, {
    server: trusted,
    upstreams: '',
    routes: 'routes: [{ path: /**, access: authenticated }]',
    forward_auth: 'forward_auth: { preset: nginx }',
    redirect: 'redirect: { allowed_hosts: ["*.Apps.example.com"] }',
  })
  t.strictSame(config.upstreams, {})
  t.match(config.routes, [{ path: '/**', caseSensitive: false }])
  t.notOk('upstream' in (config.routes[0] ?? {}))
  t.strictSame(config.redirect.allowed_hosts, ['*.apps.example.com'])
})

t.test('a gateway that trusts nobody warns that it will answer nobody', async (t) => {
  const { warnings } = load(t, { forward_auth: 'forward_auth: { preset: nginx }' })
  t.strictSame(warnings, [
    'forward_auth: nginx is not in server.trusted_proxies, which is empty: every check is refused until its address is there',
  ])
})
