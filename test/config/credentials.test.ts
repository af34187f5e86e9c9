import t from 'tap'
import { load, type Overrides, problemLines, yamlWith } from './support.ts'

const bearer =
  'bearer: { issuers: [{ issuer: https://login.example.com, audience: https://api.example.com }], introspection: { issuer: https://login.example.com, client_id: a, client_secret: s, audience: orders } }'
const endpoints =
  'authorization: https://id.example.com/a, token: https://id.example.com/t, userinfo: https://id.example.com/u'
const plainProvider = `provider: { endpoints: { ${endpoints} }, scopes: [read], client_id: p, client_secret: s }`

/** Nobody signs in: only bearer tokens count. */
const nobodySignsIn: Overrides = { provider: '', session: '', bearer }
const route = (keys: string) => `routes: [{ path: /x, upstream: web, ${keys} }]`

const credentials: [string, Overrides, string[]][] = [
  ['sessions where only a provider is written', {}, ['session']],
  ['both where both are written', { bearer }, ['session', 'bearer']],
  ['bearer tokens where nobody signs in', nobodySignsIn, ['bearer']],
]

for (const [name, overrides, expected] of credentials) {
  t.test(`takes ${name}`, async (t) => {
    t.strictSame(load(t, overrides).routes[0]?.credentials, expected)
  })
}

t.test('takes what a route says', async (t) => {
  for (const kinds of [['session'], ['bearer'], ['bearer', 'session']]) {
    const routes = route(`access: authenticated, credentials: [${kinds.join(', ')}]`)
    t.strictSame(load(t, { bearer, routes }).routes[0]?.credentials, kinds)
  }
})

t.test('loads a gateway at which nobody signs in, without keys of sessions', async (t) => {
  const { provider, session, warnings } = load(t, nobodySignsIn)
  t.equal(provider, undefined)
  t.strictSame(session, {
    keys: [],
    cookie: { name: 'postern', same_site: 'lax', max_chunks: 4 },
    store: 'cookie',
    absolute_lifetime: 43_200_000,
    idle_timeout: 3_600_000,
    refresh_before: 60_000,
  })
  t.strictSame(warnings, [])
})

const good: [string, Overrides][] = [
  [
    'audiences of issuers and of introspection',
    { bearer, routes: route('access: optional, audience: [orders, https://api.example.com]') },
  ],
  [
    'any host where only bearer tokens count',
    { bearer, routes: route('access: authenticated, host: other.example.org, credentials: [bearer]') },
  ],
  [
    'any host where nobody signs in',
    { ...nobodySignsIn, routes: route('access: optional, host: "*.example.org"') },
  ],
  [
    'step-up of bearer tokens beside plain OAuth 2.0',
    { provider: plainProvider, bearer, routes: route('credentials: [bearer], acr: [mfa], max_age: 5m') },
  ],
  ['step-up where nobody signs in', { ...nobodySignsIn, routes: route('acr: [mfa]') }],
  ['a public route where nobody signs in', { ...nobodySignsIn, routes: route('access: public') }],
]

for (const [name, overrides] of good) {
  t.test(`allows ${name}`, async (t) => t.strictSame(problemLines(t, yamlWith(overrides)), []))
}

/** What is wrong, the sections that have it, and the lines that say so. */
const cases: [string, Overrides, string[]][] = [
  [
    'neither provider nor bearer, and of nothing that would follow from it',
    { provider: '', routes: route('access: authenticated, credentials: [bearer], audience: [a]') },
    [
      '1:1  provider  is required; it must be a map, unless there is a "bearer" section and nobody signs in here',
    ],
  ],
  [
    'neither provider nor session nor bearer',
    { provider: '', session: '' },
    [
      '1:1  provider  is required; it must be a map, unless there is a "bearer" section and nobody signs in here',
    ],
  ],
  [
    'a provider without sessions',
    { session: '', bearer },
    [
      '1:1  session  is required; it must be a map with keys, since people sign in at "provider"; "postern keygen" prints a key',
    ],
  ],
  [
    'sections left empty',
    { provider: 'provider:', session: 'session:', bearer: 'bearer:' },
    [
      '3:10  provider  is empty; it must be a map',
      '4:9  session  is empty; it must be a map',
      '8:8  bearer  is empty; it must be a map',
    ],
  ],
  [
    'bearer tokens without their section',
    { routes: route('access: authenticated, credentials: [session, bearer], audience: [orders]') },
    [
      '6:73  routes[0].credentials  has bearer, but there is no "bearer" section',
      '6:102  routes[0].audience  is about bearer tokens, but there is no "bearer" section',
    ],
  ],
  [
    'sessions without a provider',
    { ...nobodySignsIn, routes: route('access: authenticated, credentials: [session]') },
    ['6:73  routes[0].credentials  has session, but there is no "provider" to sign in at'],
  ],
  [
    'credentials that are no list, and none',
    {
      bearer,
      routes:
        'routes: [{ path: /x, upstream: web, access: optional, credentials: bearer }, { path: /y, upstream: web, access: optional, credentials: [] }]',
    },
    [
      '6:68  routes[0].credentials  must be a list of session and bearer',
      '6:136  routes[1].credentials  must have at least one item',
    ],
  ],
  [
    'credentials where nobody is looked at',
    { bearer, routes: route('access: public, credentials: [bearer], audience: [nobody]') },
    [
      '6:66  routes[0].credentials  means nothing where access is public; take it out',
      '6:86  routes[0].audience  means nothing where access is public; take it out',
    ],
  ],
  [
    'audiences of nobody',
    {
      bearer,
      routes: route('access: authenticated, audience: [orders, https://api.example.com/, ordres, x]'),
    },
    [
      '6:79  routes[0].audience[1]  is no audience of the "bearer" section; did you mean "https://api.example.com"?',
      '6:105  routes[0].audience[2]  is no audience of the "bearer" section; did you mean "orders"?',
      '6:113  routes[0].audience[3]  is no audience of the "bearer" section',
    ],
  ],
  [
    'audiences that are no list',
    { bearer, routes: route('access: authenticated, audience: orders') },
    ['6:70  routes[0].audience  must be a list of audiences'],
  ],
  [
    'an audience where no bearer token counts',
    { bearer, routes: route('access: authenticated, credentials: [session], audience: [orders]') },
    ['6:94  routes[0].audience  is about bearer tokens, which "credentials" leaves out'],
  ],
  [
    'a sign-in for a route that takes bearer tokens only',
    {
      bearer,
      routes: route(
        'scopes: [a], credentials: [bearer], on_unauthenticated: redirect, on_missing_scope: request',
      ),
    },
    [
      '6:93  routes[0].on_unauthenticated  must not be redirect: nobody can sign in for this route',
      '6:121  routes[0].on_missing_scope  must be forbid: nobody can sign in for this route',
    ],
  ],
  [
    'a sign-in where nobody signs in',
    {
      ...nobodySignsIn,
      routes: route('scopes: [a], on_unauthenticated: redirect, on_missing_scope: request'),
    },
    [
      '6:70  routes[0].on_unauthenticated  must not be redirect: nobody can sign in for this route',
      '6:98  routes[0].on_missing_scope  must be forbid: nobody can sign in for this route',
    ],
  ],
  [
    'step-up at a provider that does not say how somebody authenticated',
    { provider: plainProvider, bearer, routes: route('acr: [mfa], max_age: 5m') },
    [
      '6:42  routes[0].acr  needs OpenID Connect for sessions: a provider with "endpoints" does not say how somebody authenticated',
      '6:58  routes[0].max_age  needs OpenID Connect for sessions: a provider with "endpoints" does not say how somebody authenticated',
    ],
  ],
  [
    'a host without sessions, unless only bearer tokens count there',
    { bearer, routes: route('access: authenticated, host: other.example.org') },
    [
      '6:66  routes[0].host  has no session: add it to "server.public_url", set "session.cookie.domain" to a domain above it, or say access: public or credentials: [bearer]',
    ],
  ],
]

for (const [name, overrides, lines] of cases) {
  t.test(`tells of ${name}`, async (t) =>
    t.strictSame(
      problemLines(t, yamlWith(overrides)),
      lines.map((line) => `postern.yaml:${line}`),
    ),
  )
}
