import t from 'tap'
import { type Overrides, problemLines, yamlWith } from './support.ts'

/** What is wrong, the sections that have it, and the lines that say so. */
const cases: [string, Overrides, string[]][] = [
  ['no routes', { routes: 'routes: []' }, ['postern.yaml:6:9  routes  must be a list of at least one route']],
  [
    'routes that are a map',
    { routes: 'routes: {}' },
    ['postern.yaml:6:9  routes  must be a list of at least one route'],
  ],
  ['a route that is no map', { routes: 'routes: [/x]' }, ['postern.yaml:6:10  routes[0]  must be a map']],
  [
    'a route that says nothing',
    { routes: 'routes: [{ path: /x, upstream: web }]' },
    [
      'postern.yaml:6:10  routes[0].access  is required: say access: public, optional or authenticated, or name scopes, any_scope or claims',
    ],
  ],
  [
    'a missing path and upstream',
    { routes: 'routes: [{ access: public }]' },
    [
      'postern.yaml:6:10  routes[0].path  is required; it must be a path that begins with /, like /api/**',
      'postern.yaml:6:10  routes[0].upstream  is required; it must be the name of an upstream',
    ],
  ],
  [
    'a relative path',
    { routes: 'routes: [{ path: x, upstream: web, access: public }]' },
    ['postern.yaml:6:18  routes[0].path  must be a path that begins with /, like /api/**'],
  ],
  [
    'an unknown upstream',
    {
      routes:
        'routes: [{ path: /x, upstream: wbe, access: public }, { path: /y, upstream: nowhere, access: public }]',
    },
    [
      'postern.yaml:6:32  routes[0].upstream  is not the name of an upstream; did you mean "web"?',
      'postern.yaml:6:77  routes[1].upstream  is not the name of an upstream',
    ],
  ],
  [
    'a near-miss key',
    { routes: 'routes: [{ path: /x, upstream: web, access: public, scope: [a], usptream: web }]' },
    [
      'postern.yaml:6:53  routes[0].scope  unknown key "scope"; did you mean "scopes"?',
      'postern.yaml:6:65  routes[0].usptream  unknown key "usptream"; did you mean "upstream"?',
    ],
  ],
  [
    'scopes that are no list',
    { routes: 'routes: [{ path: /x, upstream: web, scopes: admin }]' },
    ['postern.yaml:6:45  routes[0].scopes  must be a list of strings'],
  ],
  [
    'scopes left empty',
    { routes: 'routes: [{ path: /x, upstream: web, scopes: [], any_scope: }]' },
    [
      'postern.yaml:6:45  routes[0].scopes  must have at least one item',
      'postern.yaml:6:60  routes[0].any_scope  is empty; it must be a list of strings',
    ],
  ],
  [
    'claims without values',
    {
      routes:
        'routes: [{ path: /x, upstream: web, claims: { groups: staff, roles: [[a]] } }, { path: /y, upstream: web, claims: {} }]',
    },
    [
      'postern.yaml:6:55  routes[0].claims.groups  must be a list of accepted values, like [staff]',
      'postern.yaml:6:70  routes[0].claims.roles[0]  must be text, a number, true or false',
      'postern.yaml:6:115  routes[1].claims  must name at least one claim',
    ],
  ],
  [
    'conditions on a public route',
    {
      routes:
        'routes: [{ path: /x, upstream: web, access: public, scopes: [a], any_scope: [b] }, { path: /y, upstream: web, access: optional, claims: { a: [1, true] } }]',
    },
    [
      'postern.yaml:6:61  routes[0].scopes  means authenticated; take it out, or "access: public"',
      'postern.yaml:6:77  routes[0].any_scope  means authenticated; take it out, or "access: public"',
      'postern.yaml:6:137  routes[1].claims  means authenticated; take it out, or "access: optional"',
    ],
  ],
  [
    'a passed header on a route with sessions',
    { routes: 'routes: [{ path: /x, upstream: web, access: optional, authorization: pass }]' },
    ['postern.yaml:6:70  routes[0].authorization  must be strip unless the route says access: public'],
  ],
  [
    'methods that are never served',
    { routes: 'routes: [{ path: /x, upstream: web, access: public, methods: [get, connect, "G T", GET] }]' },
    [
      'postern.yaml:6:68  routes[0].methods[1]  must be a request method like GET; CONNECT and TRACE are never served',
      'postern.yaml:6:77  routes[0].methods[2]  must be a request method like GET; CONNECT and TRACE are never served',
      'postern.yaml:6:84  routes[0].methods[3]  stands in the list twice; keep one of them',
    ],
  ],
  [
    'a bad host',
    { routes: 'routes: [{ path: /x, upstream: web, access: public, host: "a b" }]' },
    [
      'postern.yaml:6:59  routes[0].host  must be a host like app.example.com, or *.example.com for those below it',
    ],
  ],
  [
    'a host without sessions',
    {
      routes: 'routes: [{ path: /x, upstream: web, access: authenticated, host: "other.example.org:8443" }]',
    },
    [
      'postern.yaml:6:66  routes[0].host  has no session: add it to "server.public_url", set "session.cookie.domain" to a domain above it, or say access: public or credentials: [bearer]',
    ],
  ],
  [
    'a wildcard host without sessions',
    { routes: 'routes: [{ path: /x, upstream: web, access: optional, host: "*.example.com" }]' },
    [
      'postern.yaml:6:61  routes[0].host  has no session: add it to "server.public_url", set "session.cookie.domain" to a domain above it, or say access: public or credentials: [bearer]',
    ],
  ],
  [
    'unknown words',
    {
      routes:
        'routes: [{ path: /x, upstream: web, access: everyone, allow: [dots], on_unauthenticated: ask, csrf: true, authorization: keep }]',
    },
    [
      'postern.yaml:6:45  routes[0].access  must be public, optional or authenticated',
      'postern.yaml:6:63  routes[0].allow[0]  must be encoded-slash or empty-segment',
      'postern.yaml:6:90  routes[0].on_unauthenticated  must be auto, redirect or challenge',
      'postern.yaml:6:101  routes[0].csrf  must be on or off',
      'postern.yaml:6:122  routes[0].authorization  must be strip or pass',
    ],
  ],
  [
    'an origin with a path',
    {
      routes:
        'routes: [{ path: /x, upstream: web, access: public, allowed_origins: [https://a.example.com/x] }]',
    },
    [
      'postern.yaml:6:71  routes[0].allowed_origins[0]  must be an origin like https://app.example.com, with nothing after the host',
    ],
  ],
]

for (const [name, overrides, lines] of cases) {
  t.test(`tells of ${name}`, async (t) => t.strictSame(problemLines(t, yamlWith(overrides)), lines))
}
