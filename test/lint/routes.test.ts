import t from 'tap'
import { type Row, routes, testRows } from './support.ts'

const upstreams = 'upstreams: { web: { url: https://web:3443 }, api: { url: https://api:3443 } }'
const hosts = 'server: { public_url: [https://a.example.com, https://b.example.com] }'
const open = 'path: /**, upstream: web, access: public'
const signedIn = 'path: /**, upstream: web, access: authenticated'
const admin = 'path: /admin/**, upstream: web, scopes: [admin]'

const unreachable: Row[] = [
  [
    'a tree whose root and depths have routes of their own is never reached',
    {
      routes: routes(
        'path: /x/**, upstream: web, access: authenticated',
        'path: /x, upstream: web, access: authenticated',
        'path: /x/*/**, upstream: web, access: authenticated',
      ),
    },
    [
      'postern.yaml:7:13  warning  routes[0].path  is never reached: every request for it goes to routes[1] and routes[2], more specific in host or path; take it out, or make it more specific',
    ],
  ],
  [
    'a tree of which the root alone is left is reached',
    {
      routes: routes(
        'path: /x/**, upstream: web, access: authenticated',
        'path: /x/*/**, upstream: web, access: authenticated',
      ),
    },
    [],
  ],
  [
    'a route for no host is never reached where every host has all of its own',
    {
      server: hosts,
      routes: routes(
        'path: /x, upstream: web, access: authenticated',
        `${signedIn}, host: a.example.com`,
        `${signedIn}, host: b.example.com`,
      ),
    },
    [
      'postern.yaml:7:13  warning  routes[0].path  is never reached: every request for it goes to routes[1] and routes[2], more specific in host or path; take it out, or make it more specific',
    ],
  ],
  [
    'a route for no host is reached at the host that has none of its own',
    {
      server: hosts,
      routes: routes('path: /x, upstream: web, access: authenticated', `${signedIn}, host: a.example.com`),
    },
    [],
  ],
  [
    'a route for no host is reached at the hosts below the domain of the cookie',
    {
      session: `session: { keys: ["$\{KEY}"], cookie: { domain: a.example.com } }`,
      server: 'server: { public_url: https://a.example.com }',
      routes: routes('path: /x, upstream: web, access: authenticated', `${signedIn}, host: a.example.com`),
    },
    [],
  ],
  [
    'a route for a wildcard is reached beside one for a host below it, but not beside a longer wildcard for the same hosts',
    {
      session: `session: { keys: ["$\{KEY}"], cookie: { domain: example.com } }`,
      routes: routes(
        `${signedIn}, host: "*.example.com"`,
        `${signedIn}, host: app.example.com`,
        'path: /y, upstream: web, access: authenticated, host: "*.example.com"',
      ),
    },
    [],
  ],
  [
    'a port of its own leaves the other ports to the route without one',
    {
      routes: routes(
        'path: /x, upstream: web, access: authenticated, host: app.example.com',
        `${signedIn}, host: "app.example.com:8443"`,
      ).replaceAll('access: authenticated', 'access: public'),
    },
    [],
  ],
  [
    'every method of one path is taken by its own route, whatever a sibling names',
    {
      routes: routes(
        'path: /Orders/*, upstream: web, methods: [GET], scopes: [r]',
        'path: /orders/*/, upstream: web, methods: [POST, PUT, PATCH, DELETE], scopes: [w]',
        'path: /orders/*, upstream: web, access: authenticated',
      ),
    },
    [],
  ],
  [
    'what is below the prefix is never reached, whatever else is like it is',
    {
      routes: routes(
        'path: /oauth2/**, upstream: web, access: public',
        'path: /oauth2/help, upstream: web, access: public',
        'path: /oauth2x, upstream: web, access: public',
        'path: /*/help, upstream: web, access: public',
      ),
    },
    [7, 8].map(
      (line) =>
        `postern.yaml:${line}:13  warning  routes[${line - 7}].path  is never reached: what is below server.prefix (/oauth2) is answered by Postern itself; take it out, or choose another prefix`,
    ),
  ],
  [
    'a spelling in another case takes requests, too, where case counts',
    {
      upstreams: 'upstreams: { web: { url: https://web:3443, case_sensitive: true } }',
      routes: routes(
        'path: /X/**, upstream: web, access: authenticated',
        'path: /x, upstream: web, access: authenticated',
        'path: /x/*/**, upstream: web, access: authenticated',
      ),
    },
    [
      'postern.yaml:7:13  warning  routes[0].path  is never reached: every request for it goes to routes that spell it in another case, more specific in host or path; take it out, or make it more specific',
    ],
  ],
  [
    'many takers are counted',
    {
      server: `server: { public_url: [${[1, 2, 3, 4, 5].map((n) => `https://h${n}.example.com`).join(', ')}] }`,
      routes: routes(
        'path: /x, upstream: web, access: authenticated',
        ...[1, 2, 3, 4, 5].map((n) => `${signedIn}, host: h${n}.example.com`),
      ),
    },
    [
      'postern.yaml:7:13  warning  routes[0].path  is never reached: every request for it goes to routes[1], routes[2], routes[3] and 2 others, more specific in host or path; take it out, or make it more specific',
    ],
  ],
]

const overridden: Row[] = [
  [
    'a protected route gives way to an open one that names the host',
    {
      server: hosts,
      upstreams,
      routes: routes(admin, 'path: /**, upstream: api, access: optional, host: a.example.com'),
    },
    [
      'postern.yaml:7:13  warning  routes[0].path  does not count for a.example.com: routes[1], which names that host, goes before it and is optional; write this route for host: "a.example.com" too',
    ],
  ],
  [
    'so does one for a single path',
    {
      server: hosts,
      routes: routes(
        'path: /admin, upstream: web, scopes: [admin]',
        'path: /admin/**, upstream: web, access: public, host: a.example.com',
      ),
    },
    [
      'postern.yaml:7:13  warning  routes[0].path  does not count for a.example.com: routes[1], which names that host, goes before it and is public; write this route for host: "a.example.com" too',
    ],
  ],
  [
    'it does not where the host has the same route, or a protected one',
    {
      server: hosts,
      upstreams,
      routes: routes(
        admin,
        'path: /admin/**, upstream: api, access: public, host: a.example.com',
        'path: /*, upstream: web, access: authenticated, host: b.example.com',
      ),
    },
    [],
  ],
  [
    'an open route that is more specific is meant',
    {
      server: hosts,
      routes: routes(admin, 'path: /admin/logo, upstream: web, access: public, host: a.example.com'),
    },
    [],
  ],
]

const oneSegment: Row[] = [
  [
    'what lies deeper than a protected segment falls to an open route',
    { upstreams, routes: routes('path: /admin/*, upstream: api, scopes: [admin]', open) },
    [
      'postern.yaml:7:13  warning  routes[0].path  is for one segment only: what lies deeper falls to routes[1], which is public; write /admin/**, or a route of its own for what is deeper',
    ],
  ],
  [
    'it does not fall to a protected one, and not where the tree is named, protected or open',
    {
      upstreams,
      routes: routes(
        'path: /a/*, upstream: web, scopes: [admin]',
        signedIn,
        'path: /b/*, upstream: api, scopes: [admin]',
        'path: /b/**, upstream: api, access: public',
        'path: /c/*, upstream: api, access: public',
        'path: /d/*, upstream: api, methods: [GET], scopes: [admin]',
        'path: /d/**, upstream: api, methods: [PUT], scopes: [admin]',
      ),
    },
    [],
  ],
  [
    'nothing is deeper where no route is',
    { routes: routes('path: /a/*, upstream: web, scopes: [admin]') },
    [],
  ],
]

const openTrees: Row[] = [
  [
    'an open rest of a service beside a protected part is told, once',
    { upstreams, routes: routes(open, admin, 'path: /reports, upstream: web, scopes: [r]') },
    [
      'postern.yaml:7:41  warning  routes[0].access  opens every path that no other route names, though routes[1] protects a part of the same service: what is added to it later is open to all; say access: authenticated here, and name the paths that are public',
    ],
  ],
  [
    'so is one of two wildcards, at the same host',
    {
      routes: routes(
        'path: /*/**, host: app.example.com, upstream: web, access: public',
        'path: /admin/**, host: app.example.com, upstream: web, scopes: [admin]',
      ),
    },
    [
      'postern.yaml:7:66  warning  routes[0].access  opens every path that no other route names, though routes[1] protects a part of the same service: what is added to it later is open to all; say access: authenticated here, and name the paths that are public',
    ],
  ],
  [
    'the protected part of another service or host, or of nothing, is another matter',
    {
      server: hosts,
      upstreams,
      routes: routes(
        `${open}, host: a.example.com`,
        'path: /admin/**, upstream: api, host: a.example.com, scopes: [admin]',
        'path: /admin/**, upstream: web, host: b.example.com, scopes: [admin]',
      ),
    },
    [],
  ],
  [
    'an open tree that has a name is meant, and so is an optional rest',
    {
      upstreams,
      routes: routes(
        'path: /public/**, upstream: web, access: public',
        'path: /public/new, upstream: web, access: authenticated',
        'path: /**, upstream: web, access: optional',
      ),
    },
    [],
  ],
  [
    'methods of one path may differ',
    {
      routes: routes(
        'path: /**, upstream: web, methods: [GET], access: public',
        'path: /**, upstream: web, methods: [POST], access: authenticated',
      ),
    },
    [],
  ],
]

const otherMethods: Row[] = [
  [
    'an open route takes the methods that its protected siblings do not name',
    {
      routes: routes(
        'path: /orders/*, upstream: web, methods: [GET, HEAD], scopes: [r]',
        'path: /Orders/*/, upstream: web, access: optional',
        'path: /orders/*, upstream: web, methods: [DELETE], scopes: [w]',
      ),
    },
    [
      'postern.yaml:8:48  warning  routes[1].access  lets everybody use every method but GET, HEAD and DELETE, which need a sign-in by routes[0] and routes[2]; write the methods that are meant, like methods: [GET]',
    ],
  ],
  [
    'it does not when it says which, when it is protected, or when the others are open too',
    {
      routes: routes(
        'path: /a, upstream: web, methods: [POST], scopes: [w]',
        'path: /a, upstream: web, methods: [GET], access: public',
        'path: /b, upstream: web, methods: [GET], scopes: [w]',
        'path: /b, upstream: web, access: authenticated',
        'path: /c, upstream: web, methods: [GET], access: public',
        'path: /c, upstream: web, access: optional',
      ),
    },
    [],
  ],
]

t.test('unreachable', async (t) => testRows(t, unreachable))
t.test('overridden', async (t) => testRows(t, overridden))
t.test('one segment', async (t) => testRows(t, oneSegment))
t.test('catch-all', async (t) => testRows(t, openTrees))
t.test('other methods', async (t) => testRows(t, otherMethods))
