import t from 'tap'
import { type Overrides, problemLines, yamlWith } from './support.ts'

/** What is wrong, the sections that have it, and the lines that say so. */
const cases: [string, Overrides, string[]][] = [
  [
    'no upstreams',
    { upstreams: 'upstreams: {}' },
    [
      'postern.yaml:5:12  upstreams  must be a map with at least one upstream, like web: { url: "http://web:8080" }',
      'postern.yaml:6:33  routes[0].upstream  is not the name of an upstream',
    ],
  ],
  [
    'upstreams that are a list',
    { upstreams: 'upstreams: [web]' },
    [
      'postern.yaml:5:12  upstreams  must be a map with at least one upstream, like web: { url: "http://web:8080" }',
      'postern.yaml:6:33  routes[0].upstream  is not the name of an upstream',
    ],
  ],
  [
    'a bad name',
    { upstreams: 'upstreams: { web: { url: https://web:3443 }, "a b": { url: https://web:3443 } }' },
    ['postern.yaml:5:46  upstreams["a b"]  must be a name of letters, digits, _, - and .'],
  ],
  [
    'no URL',
    { upstreams: 'upstreams: { web: {} }' },
    [
      'postern.yaml:5:19  upstreams.web.url  is required; it must be http://host:port, https://host:port or unix:/path, with at most a plain path after the host',
    ],
  ],
  [
    'a URL with a query',
    { upstreams: 'upstreams: { web: { url: "http://web?x" } }' },
    [
      'postern.yaml:5:26  upstreams.web.url  must be http://host:port, https://host:port or unix:/path, with at most a plain path after the host',
    ],
  ],
  [
    'a URL with dot segments',
    { upstreams: 'upstreams: { web: { url: "http://web/a/../b" } }' },
    [
      'postern.yaml:5:26  upstreams.web.url  must be http://host:port, https://host:port or unix:/path, with at most a plain path after the host',
    ],
  ],
  [
    'a relative socket',
    { upstreams: 'upstreams: { web: { url: "unix:web.sock" } }' },
    [
      'postern.yaml:5:26  upstreams.web.url  must be http://host:port, https://host:port or unix:/path, with at most a plain path after the host',
    ],
  ],
  [
    'unknown words',
    { upstreams: 'upstreams: { web: { url: https://web:3443, token: refresh, host: drop } }' },
    [
      'postern.yaml:5:51  upstreams.web.token  must be access, id or none',
      'postern.yaml:5:66  upstreams.web.host  must be keep or rewrite',
    ],
  ],
  [
    'bad prefixes',
    { upstreams: 'upstreams: { web: { url: https://web:3443, strip_prefix: v1, add_prefix: /v1/ } }' },
    [
      'postern.yaml:5:58  upstreams.web.strip_prefix  must be a path of plain segments without a trailing slash, like /v1',
      'postern.yaml:5:74  upstreams.web.add_prefix  must be a path of plain segments without a trailing slash, like /v1',
    ],
  ],
  [
    'tls for http',
    { upstreams: 'upstreams: { web: { url: "http://web", tls: { server_name: web } } }' },
    ['postern.yaml:5:45  upstreams.web.tls  needs a url that begins with https://'],
  ],
  [
    'a certificate without its key',
    { upstreams: 'upstreams: { web: { url: https://web:3443, tls: { cert_file: cert.pem } } }' },
    ['postern.yaml:5:49  upstreams.web.tls.key_file  is required beside "cert_file"'],
  ],
  [
    'a key without its certificate',
    {
      upstreams:
        'upstreams: { web: { url: https://web:3443, tls: { key_file: key.pem, server_name: "a b" } } }',
    },
    [
      'postern.yaml:5:49  upstreams.web.tls.cert_file  is required beside "key_file"',
      'postern.yaml:5:83  upstreams.web.tls.server_name  must be a host name',
    ],
  ],
  [
    'a file that is no certificate',
    { upstreams: 'upstreams: { web: { url: https://web:3443, tls: { ca_file: key.pem } } }' },
    ['postern.yaml:5:60  upstreams.web.tls.ca_file  must name a PEM file with a certificate'],
  ],
  [
    'headers that cannot be set',
    {
      upstreams:
        'upstreams: { web: { url: https://web:3443, identity_headers: { Connection: sub, "X User": sub, X-User: "" } } }',
    },
    [
      'postern.yaml:5:64  upstreams.web.identity_headers.Connection  must be a header name like X-Forwarded-User; connection, forwarding, Authorization, Cookie and Host headers cannot be set',
      'postern.yaml:5:81  upstreams.web.identity_headers["X User"]  must be a header name like X-Forwarded-User; connection, forwarding, Authorization, Cookie and Host headers cannot be set',
      'postern.yaml:5:104  upstreams.web.identity_headers.X-User  must be the name of a claim, dotted for a nested one, like realm_access.roles',
    ],
  ],
  [
    'identity headers of another kind',
    { upstreams: 'upstreams: { web: { url: https://web:3443, identity_headers: 3 } }' },
    [
      'postern.yaml:5:62  upstreams.web.identity_headers  must be true, false or a map of header name to claim',
    ],
  ],
]

for (const [name, overrides, lines] of cases) {
  t.test(`tells of ${name}`, async (t) => t.strictSame(problemLines(t, yamlWith(overrides)), lines))
}
