import t from 'tap'
import { goodKey, type Row, routes, testRows, warningLines } from './support.ts'

const session = (keys: string) => ({ session: `session: { keys: ["$\{KEY}"], ${keys} }` })
const keys = (...items: string[]) => ({ session: `session: { keys: [${items.join(', ')}] }` })
const inFile = (index: number, column: number) =>
  `postern.yaml:4:${column}  warning  session.keys[${index}]  stands in the file, and whoever may read it can make up sessions; write a variable like $\{NAME}, or "keys_file"`
const notRandom = (index: number, column: number, what: string) =>
  `postern.yaml:4:${column}  warning  session.keys[${index}]  key ${index + 1} is no random key, but ${what}; "postern keygen" prints a random one`

const bytes = (of: (index: number) => number) =>
  Buffer.from(Array.from({ length: 32 }, (_, index) => of(index))).toString('base64')
const words = Buffer.from('correct horse battery staple 123').toString('base64')

testRows(t, [
  ['keys of variables are good', keys(`"$\{KEY}"`, `"$\{OLD_KEY}"`), []],
  ['a key in the file is not', keys(`"$\{KEY}"`, goodKey('x')), [inFile(1, 29)]],
  [
    'nor is one that an alias repeats',
    {
      provider: `provider: { issuer: https://login.example.com, client_id: &key ${goodKey('x')}, client_secret: "$\{SECRET}" }`,
      session: `session: { keys: ["$\{KEY}", *key] }`,
    },
    [inFile(1, 29)],
  ],
  ['words are no key', keys(words), [inFile(0, 19), notRandom(0, 19, 'readable text')]],
  [
    'nor are a few bytes again and again',
    keys(bytes((index) => (index % 16) * 15 + 1)),
    [inFile(0, 19), notRandom(0, 19, 'a repetition of a few bytes')],
  ],
  [
    'nor is what goes on by the same step',
    keys(bytes((index) => index * 7)),
    [inFile(0, 19), notRandom(0, 19, 'a sequence')],
  ],
  [
    'five keys are taken',
    keys(`"$\{KEY}"`, `"$\{OLD_KEY}"`, ...['a', 'b', 'c'].map(goodKey)),
    [2, 3, 4].map((index) => inFile(index, 43 + (index - 2) * 46)),
  ],
] satisfies Row[])

t.test('keys of a file are told at the file, and are not in this one', async (t) => {
  const list = (count: number) => Array.from({ length: count }, (_, index) => goodKey(`k${index}`)).join('\n')
  const overrides = { session: 'session: { keys_file: keys }' }
  t.strictSame(warningLines(t, overrides, { keys: list(5) }), [])
  t.strictSame(warningLines(t, overrides, { keys: list(6) }), [
    'postern.yaml:4:23  warning  session.keys_file  has 6 keys, each of which opens sessions; take out those that sealed none within "absolute_lifetime"',
  ])
  t.strictSame(warningLines(t, overrides, { keys: `${list(1)}\n${words}` }), [
    'postern.yaml:4:23  warning  session.keys_file  key 2 is no random key, but readable text; "postern keygen" prints a random one',
  ])
})

const tooWide = (needed: string) =>
  `postern.yaml:4:48  warning  session.cookie.domain  sends the session to every host of example.com, though all routes are for ${needed}; write ${needed}`
const domain = (name: string, ...items: string[]) => ({
  ...session(`cookie: { domain: ${name} }`),
  ...(items.length > 0 && { routes: routes(...items) }),
})
const signedIn = 'path: /**, upstream: web, access: authenticated'

t.test('domain', async (t) =>
  testRows(t, [
    ['a domain of one owner is good', domain('example.com'), []],
    [
      'that of many is not',
      { ...domain('co.uk'), server: 'server: { public_url: https://app.co.uk }' },
      [
        'postern.yaml:4:48  warning  session.cookie.domain  is the domain of many owners: browsers refuse its cookies, and nobody could sign in; write a domain of your own',
      ],
    ],
    [
      'localhost is this machine',
      {
        ...domain('localhost'),
        server: 'server: { listen: 127.0.0.1:4180, public_url: http://a.localhost:4180 }',
      },
      [],
    ],
    [
      'it need not be wider than the hosts of all routes',
      {
        ...domain(
          'example.com',
          `${signedIn}, host: "*.b.apps.example.com"`,
          `${signedIn}, host: "a.apps.example.com:8443"`,
        ),
        server: 'server: { public_url: https://apps.example.com }',
      },
      [tooWide('apps.example.com')],
    ],
    [
      'nor than the only one',
      domain('example.com', `${signedIn}, host: app.example.com`),
      [tooWide('app.example.com')],
    ],
    [
      'with the next label different, it is as narrow as can be',
      domain('example.com', `${signedIn}, host: app.example.com`, `${signedIn}, host: api.example.com`),
      [],
    ],
  ]),
)

t.test('return hosts', async (t) =>
  testRows(t, [
    [
      'names below a domain of many are strangers',
      {
        redirect:
          'redirect: { allowed_hosts: ["*.com", "*.github.io:8443", "me.github.io", "*.example.com", "*.localhost"] }',
      },
      [29, 38].map(
        (column, index) =>
          `postern.yaml:8:${column}  warning  redirect.allowed_hosts[${index}]  lets sign-ins lead to hosts of strangers, since names below this domain belong to many; name hosts of your own`,
      ),
    ],
  ]),
)

t.test('limits', async (t) =>
  testRows(t, [
    ['a month is the most', session('absolute_lifetime: 30d'), []],
    [
      'longer is too long',
      session('absolute_lifetime: 31d'),
      [
        'postern.yaml:4:49  warning  session.absolute_lifetime  is longer than 30d, and as long may a copied cookie work; write 30d or less',
      ],
    ],
    ['no idle timeout within a day is taken', session('absolute_lifetime: 24h, idle_timeout: none'), []],
    [
      'for longer it is not',
      session('absolute_lifetime: 25h, idle_timeout: none'),
      [
        'postern.yaml:4:68  warning  session.idle_timeout  is none while "absolute_lifetime" is more than a day: who leaves a browser stays signed in for all that time; write a duration like 1h, or a shorter lifetime',
      ],
    ],
  ]),
)

const sameSite = (site: string, keys: string) => ({
  ...session(`cookie: { same_site: ${site} }`),
  routes: routes(`${signedIn}, ${keys}`),
})

t.test('other origins', async (t) =>
  testRows(t, [
    ['none is for whom a route names', sameSite('none', 'allowed_origins: [https://b.example.com]'), []],
    ['or lets read', sameSite('none', 'cors: { origins: [https://b.example.com], credentials: true }'), []],
    [
      'and for nobody else',
      sameSite('none', 'cors: { origins: [https://b.example.com] }'),
      [
        'postern.yaml:4:51  warning  session.cookie.same_site  is none, which sends the session with requests of every site, though no route names one in "allowed_origins" or "cors"; write lax',
      ],
    ],
    [
      'without the check of its own origin a route is open to all sites',
      sameSite('none', 'csrf: off'),
      [
        'postern.yaml:7:62  warning  routes[0].csrf  is off while "session.cookie.same_site" is none: every site may send requests with the session; write on, and name the sites in "allowed_origins"',
      ],
    ],
    ['but not with lax', sameSite('lax', 'csrf: off'), []],
    [
      'pages that came unencrypted are anybody',
      sameSite(
        'lax',
        'allowed_origins: [https://b.example.com, http://b.example.com, http://localhost:3000], cors: { origins: [http://c.example.com], credentials: true }',
      ),
      ['7:97  warning  routes[0].allowed_origins[1]', '7:161  warning  routes[0].cors.origins[0]'].map(
        (place) =>
          `postern.yaml:${place}  is not encrypted: whoever is on the network can speak for its pages, and use the session as they may; write https://`,
      ),
    ],
    [
      'where no session counts, none can be used',
      {
        routes: routes(
          'path: /**, upstream: web, access: public, cors: { origins: [http://c.example.com], credentials: true }',
        ),
      },
      [],
    ],
  ]),
)
