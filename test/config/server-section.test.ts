import t from 'tap'
import { load, type Overrides, problemLines, yamlWith } from './support.ts'

/** What is wrong, the sections that have it, and the lines that say so. */
const cases: [string, Overrides, string[]][] = [
  ['a missing section', { server: '' }, ['postern.yaml:2:1  server  is required; it must be a map']],
  [
    'a section that is empty',
    { server: 'server:' },
    ['postern.yaml:1:8  server  is empty; it must be a map'],
  ],
  [
    'a missing key',
    { server: 'server: {}' },
    [
      'postern.yaml:1:9  server.public_url  is required; it must be an origin like https://app.example.com, or a list of origins',
    ],
  ],
  [
    'an unknown key close to a known one',
    { server: 'server: { public_url: https://app.example.com, listn: x }' },
    ['postern.yaml:1:48  server.listn  unknown key "listn"; did you mean "listen"?'],
  ],
  [
    'an unknown key close to none',
    { server: 'server: { public_url: https://app.example.com, colour: blue, tint: red }' },
    [
      'postern.yaml:1:48  server.colour  unknown key "colour"',
      'postern.yaml:1:62  server.tint  unknown key "tint"',
    ],
  ],
  [
    'a public URL with a path',
    { server: 'server: { public_url: https://app.example.com/x }' },
    [
      'postern.yaml:1:23  server.public_url  must be an origin like https://app.example.com, with nothing after the host',
    ],
  ],
  [
    'a public URL with a query',
    { server: 'server: { public_url: "https://app.example.com/?" }' },
    [
      'postern.yaml:1:23  server.public_url  must be an origin like https://app.example.com, with nothing after the host',
    ],
  ],
  [
    'a public URL with a user',
    { server: 'server: { public_url: https://me@app.example.com }' },
    [
      'postern.yaml:1:23  server.public_url  must be an origin like https://app.example.com, with nothing after the host',
    ],
  ],
  [
    'a public URL with a wildcard',
    { server: 'server: { public_url: "https://*.example.com" }' },
    [
      'postern.yaml:1:23  server.public_url  must be an origin like https://app.example.com, with nothing after the host',
    ],
  ],
  [
    'a public URL of another scheme',
    { server: 'server: { public_url: ftp://app.example.com }' },
    [
      'postern.yaml:1:23  server.public_url  must be an origin like https://app.example.com, with nothing after the host',
    ],
  ],
  [
    'a public URL that does not parse',
    { server: 'server: { public_url: "https://app.example.com:99999" }' },
    [
      'postern.yaml:1:23  server.public_url  must be an origin like https://app.example.com, with nothing after the host',
    ],
  ],
  [
    'a public URL that is no text',
    { server: 'server: { public_url: 3 }' },
    [
      'postern.yaml:1:23  server.public_url  must be an origin like https://app.example.com, or a list of origins',
    ],
  ],
  [
    'one of several public URLs',
    { server: 'server: { public_url: [https://app.example.com, nonsense] }' },
    [
      'postern.yaml:1:49  server.public_url[1]  must be an origin like https://app.example.com, with nothing after the host',
    ],
  ],
  [
    'a public URL written twice',
    { server: 'server: { public_url: [https://app.example.com, https://app.example.com/] }' },
    ['postern.yaml:1:49  server.public_url[1]  stands in the list twice; keep one of them'],
  ],
  [
    'no public URL in the list',
    { server: 'server: { public_url: [] }' },
    ['postern.yaml:1:23  server.public_url  must have at least one item'],
  ],
  [
    'http on another host',
    { server: 'server: { public_url: http://app.example.com }' },
    [
      'postern.yaml:1:23  server.public_url  must begin with https:// unless the host is loopback; for tests only, "dangerously_allow_http: true" lifts this',
    ],
  ],
  [
    'a listener without a port',
    { server: 'server: { public_url: https://app.example.com, listen: 0.0.0.0 }' },
    [
      'postern.yaml:1:56  server.listen  must be host:port, [::]:port, :port or unix:/path, like 0.0.0.0:4180',
    ],
  ],
  [
    'a port that is too high',
    { server: 'server: { public_url: https://app.example.com, listen: "0.0.0.0:65536" }' },
    [
      'postern.yaml:1:56  server.listen  must be host:port, [::]:port, :port or unix:/path, like 0.0.0.0:4180',
    ],
  ],
  [
    'a bad IPv6 listener',
    { server: 'server: { public_url: https://app.example.com, listen: "[::zz]:80" }' },
    [
      'postern.yaml:1:56  server.listen  must be host:port, [::]:port, :port or unix:/path, like 0.0.0.0:4180',
    ],
  ],
  [
    'a relative socket path',
    { server: 'server: { public_url: https://app.example.com, listen: "unix:postern.sock" }' },
    [
      'postern.yaml:1:56  server.listen  must be host:port, [::]:port, :port or unix:/path, like 0.0.0.0:4180',
    ],
  ],
  [
    'a prefix with a trailing slash',
    { server: 'server: { public_url: https://app.example.com, prefix: /oauth2/ }' },
    [
      'postern.yaml:1:56  server.prefix  must be a path of plain segments without a trailing slash, like /oauth2',
    ],
  ],
  [
    'a prefix with a dot segment',
    { server: 'server: { public_url: https://app.example.com, prefix: /a/../b }' },
    [
      'postern.yaml:1:56  server.prefix  must be a path of plain segments without a trailing slash, like /oauth2',
    ],
  ],
  [
    'a prefix that is the root',
    { server: 'server: { public_url: https://app.example.com, prefix: / }' },
    [
      'postern.yaml:1:56  server.prefix  must be a path of plain segments without a trailing slash, like /oauth2',
    ],
  ],
  [
    'a proxy that is no network',
    {
      server:
        'server: { public_url: https://app.example.com, trusted_proxies: [10.0.0.0/33, "127.1", "::1"] }',
    },
    [
      'postern.yaml:1:66  server.trusted_proxies[0]  must be an address or a network in CIDR notation, like 10.0.0.0/8 or fd00::/8',
      'postern.yaml:1:79  server.trusted_proxies[1]  must be an address or a network in CIDR notation, like 10.0.0.0/8 or fd00::/8',
    ],
  ],
  [
    'proxies that are no list',
    { server: 'server: { public_url: https://app.example.com, trusted_proxies: 10.0.0.0/8 }' },
    ['postern.yaml:1:65  server.trusted_proxies  must be a list of addresses or CIDRs'],
  ],
  [
    'no worker at all',
    { server: 'server: { public_url: https://app.example.com, workers: 0 }' },
    ['postern.yaml:1:57  server.workers  must be a number from 1 to 64, or auto'],
  ],
  [
    'a switch that is no boolean',
    { server: 'server: { public_url: https://app.example.com, dangerously_allow_http: "yes" }' },
    ['postern.yaml:1:72  server.dangerously_allow_http  must be true or false'],
  ],
  [
    'a duration without a unit',
    {
      server: 'server: { public_url: https://app.example.com, timeouts: { headers: 30, keep_alive: "75" } }',
    },
    [
      'postern.yaml:1:69  server.timeouts.headers  must be a duration with a unit, like 500ms, 30s or 5m; from 1ms to 24d',
      'postern.yaml:1:85  server.timeouts.keep_alive  must be a duration with a unit, like 500ms, 30s or 5m; from 1ms to 24d',
    ],
  ],
  [
    'a duration of nothing or of too much',
    { server: 'server: { public_url: https://app.example.com, timeouts: { headers: 0s, keep_alive: 25d } }' },
    [
      'postern.yaml:1:69  server.timeouts.headers  must be a duration with a unit, like 500ms, 30s or 5m; from 1ms to 24d',
      'postern.yaml:1:85  server.timeouts.keep_alive  must be a duration with a unit, like 500ms, 30s or 5m; from 1ms to 24d',
    ],
  ],
  [
    'sizes, counts and percentages that are none',
    {
      server:
        'server: { public_url: https://app.example.com, limits: { max_headers: 48K, max_body: 1.5MiB, max_connections: 0, logins_per_minute: many }, overload: { memory: 101% } }',
    },
    [
      'postern.yaml:1:71  server.limits.max_headers  must be a size with a unit, like 32KiB or 64KiB; from 8KiB to 1MiB',
      'postern.yaml:1:86  server.limits.max_body  must be a size with a unit, like 512KiB, 10MiB or 2GiB, or none; up to 1024GiB',
      'postern.yaml:1:111  server.limits.max_connections  must be a whole number from 1 to 1000000, or none',
      'postern.yaml:1:133  server.limits.logins_per_minute  must be a whole number from 1 to 1000000, or none',
      'postern.yaml:1:161  server.overload.memory  must be a whole percentage, like 90%, or none; from 1% to 100%',
    ],
  ],
  [
    'room for headers that is too small, and a percentage of nothing',
    {
      server:
        'server: { public_url: https://app.example.com, limits: { max_headers: 8191B }, overload: { memory: 0% } }',
    },
    [
      'postern.yaml:1:71  server.limits.max_headers  must be a size with a unit, like 32KiB or 64KiB; from 8KiB to 1MiB',
      'postern.yaml:1:100  server.overload.memory  must be a whole percentage, like 90%, or none; from 1% to 100%',
    ],
  ],
  [
    'a request that may take less time than its head',
    {
      server: 'server: { public_url: https://app.example.com, timeouts: { headers: 10s, request: 9s } }',
    },
    ['postern.yaml:1:83  server.timeouts.request  must not be shorter than "headers", which is a part of it'],
  ],
  [
    'a probe listener that is the public one',
    { admin: 'admin: { listen: "0.0.0.0:4180" }' },
    ['postern.yaml:2:18  admin.listen  must differ from "server.listen": probes are never public'],
  ],
  [
    'an unknown log level',
    { logging: 'logging: { level: loud }' },
    ['postern.yaml:7:19  logging.level  must be fatal, error, warn, info, debug, trace or silent'],
  ],
  [
    'an unknown section',
    { logging: 'loging: { level: info }' },
    ['postern.yaml:7:1  loging  unknown key "loging"; did you mean "logging"?'],
  ],
]

for (const [name, overrides, lines] of cases) {
  t.test(`tells of ${name}`, async (t) => t.strictSame(problemLines(t, yamlWith(overrides)), lines))
}

t.test('limits are bytes, milliseconds, numbers and parts of one', async (t) => {
  const { limits, timeouts, overload } = load(t, {
    server:
      'server: { public_url: https://app.example.com, limits: { max_headers: 64KiB, max_body: 10MiB, max_connections: 5, logins_per_minute: none }, timeouts: { request: 5m, send: none }, overload: { event_loop_delay: none, memory: 80% } }',
  }).server
  t.match(limits, {
    max_headers: 65_536,
    max_body: 10_485_760,
    max_connections: 5,
    logins_per_minute: 'none',
  })
  t.match(timeouts, { request: 300_000, send: 'none' })
  t.strictSame(overload, { event_loop_delay: 'none', memory: 0.8 })
  const none = load(t, {
    server:
      'server: { public_url: https://app.example.com, limits: { max_body: none }, overload: { memory: none } }',
  }).server
  t.equal(none.limits.max_body, 'none')
  t.equal(none.overload.memory, 'none')
})
