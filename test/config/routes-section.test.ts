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
    'step-up on a public and on an optional route',
    {
      routes:
        'routes: [{ path: /x, upstream: web, access: public, acr: [mfa], max_age: 5m }, { path: /y, upstream: web, access: optional, acr: [mfa], max_age: 5m }]',
    },
    [
      'postern.yaml:6:58  routes[0].acr  means authenticated; take it out, or "access: public"',
      'postern.yaml:6:74  routes[0].max_age  means authenticated; take it out, or "access: public"',
      'postern.yaml:6:130  routes[1].acr  means authenticated; take it out, or "access: optional"',
      'postern.yaml:6:146  routes[1].max_age  means authenticated; take it out, or "access: optional"',
    ],
  ],
  [
    'contexts that no request could name',
    {
      routes:
        'routes: [{ path: /x, upstream: web, acr: ["a b", mfa, mfa] }, { path: /y, upstream: web, acr: mfa }, { path: /z, upstream: web, acr: [] }]',
    },
    [
      'postern.yaml:6:43  routes[0].acr[0]  must be a context like urn:example:mfa: printable ASCII without space, " or \\',
      'postern.yaml:6:55  routes[0].acr[2]  stands in the list twice; keep one of them',
      'postern.yaml:6:95  routes[1].acr  must be a list of authentication contexts',
      'postern.yaml:6:134  routes[2].acr  must have at least one item',
    ],
  ],
  [
    'an age of half seconds, none, ages, and without a unit',
    {
      routes: `routes:
  - { path: /a, upstream: web, max_age: 1500ms }
  - { path: /b, upstream: web, max_age: 0s }
  - { path: /c, upstream: web, max_age: 3651d }
  - { path: /d, upstream: web, max_age: 300 }`,
    },
    [0, 1, 2, 3].map(
      (index) =>
        `postern.yaml:${7 + index}:41  routes[${index}].max_age  must be a duration of whole seconds, like 30s, 5m or 12h`,
    ),
  ],
  [
    'asking for scopes that no rule names',
    {
      routes: 'routes: [{ path: /x, upstream: web, access: authenticated, on_missing_scope: request }]',
    },
    [
      'postern.yaml:6:78  routes[0].on_missing_scope  must be forbid unless the route names scopes or any_scope',
    ],
  ],
  [
    'near misses of newer keys',
    {
      routes:
        'routes: [{ path: /x, upstream: web, access: authenticated, credential: [bearer], audiences: [a], maxage: 5m, acrs: [a], on_missing_scopes: request }]',
    },
    [
      'postern.yaml:6:60  routes[0].credential  unknown key "credential"; did you mean "credentials"?',
      'postern.yaml:6:82  routes[0].audiences  unknown key "audiences"; did you mean "audience"?',
      'postern.yaml:6:98  routes[0].maxage  unknown key "maxage"; did you mean "max_age"?',
      'postern.yaml:6:110  routes[0].acrs  unknown key "acrs"; did you mean "acr"?',
      'postern.yaml:6:121  routes[0].on_missing_scopes  unknown key "on_missing_scopes"; did you mean "on_missing_scope"?',
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
        'routes: [{ path: /x, upstream: web, access: everyone, allow: [dots], on_unauthenticated: ask, csrf: true, authorization: keep, credentials: [cookie], on_missing_scope: ask }]',
    },
    [
      'postern.yaml:6:45  routes[0].access  must be public, optional or authenticated',
      'postern.yaml:6:63  routes[0].allow[0]  must be encoded-slash or empty-segment',
      'postern.yaml:6:90  routes[0].on_unauthenticated  must be auto, redirect or challenge',
      'postern.yaml:6:101  routes[0].csrf  must be on or off',
      'postern.yaml:6:122  routes[0].authorization  must be strip or pass',
      'postern.yaml:6:142  routes[0].credentials[0]  must be session or bearer',
      'postern.yaml:6:169  routes[0].on_missing_scope  must be forbid or request',
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
