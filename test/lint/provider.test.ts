import t from 'tap'
import { goodKey, type Row, routes, testRows, warningLines } from './support.ts'

const provider = (keys: string, issuer = 'https://login.example.com') => ({
  provider: `provider: { client_id: postern, issuer: "${issuer}", ${keys} }`,
})
const secret = (value: string, issuer?: string) => provider(`client_secret: "${value}"`, issuer)
const told = (column: number, message: string) => [
  `postern.yaml:3:${column}  warning  provider.client_secret  ${message}`,
]

const inFile = `stands in the file, where whoever may read the configuration may be this client; write a variable like $\{NAME}, or "client_secret_file"`
const known = 'is one of the secrets that everybody tries first; let the provider make a new one'
const short = 'is shorter than 16 characters and may be guessed; let the provider make a new one'
const demo = 'demo-client-secret-which-protects-nothing'

t.test('client secrets', async (t) => {
  testRows(t, [
    ['that of a variable is good', secret(`$\{SECRET}`), []],
    ['so is one with a part of a variable', secret(`a$\{SECRET}`), []],
    ['one in the file is not', secret(goodKey('s')), told(85, inFile)],
    ['nor that of the demo', secret(demo), [told(85, inFile), told(85, known)].flat()],
    ['unless its provider is on this machine', secret(demo, 'http://op.localhost:9400'), []],
    ['what is short may be guessed', secret('p7Yk2vQx9sLm4Tz'), [told(85, inFile), told(85, short)].flat()],
    ...['changeme', 'client_secret', 'my-secret', 'Password', 'xxxxxxxxxxxxxxxxxxxx', '12345678'].map(
      (word): Row => [`everybody knows ${word}`, secret(word), [told(85, inFile), told(85, known)].flat()],
    ),
    ['no secret is nothing to tell', provider('client_auth: none'), []],
    [
      'that of introspection is judged as well',
      {
        bearer:
          'bearer: { introspection: { endpoint: https://login.example.com/i, client_id: p, client_secret: changeme, audience: a } }',
      },
      [inFile, known].map(
        (message) => `postern.yaml:8:96  warning  bearer.introspection.client_secret  ${message}`,
      ),
    ],
    [
      'unless it is on this machine',
      {
        bearer:
          'bearer: { introspection: { issuer: "http://127.0.0.1:9400", client_id: p, client_secret: changeme, audience: a } }',
      },
      [],
    ],
  ] satisfies Row[])
})

t.test('a weak secret of a file is told at the file', async (t) => {
  const overrides = provider('client_secret_file: secret')
  t.strictSame(warningLines(t, overrides, { secret: 'changeme\n' }), [
    `postern.yaml:3:90  warning  provider.client_secret_file  ${known}`,
  ])
  t.strictSame(warningLines(t, overrides, { secret: `${goodKey('s')}\n` }), [])
})

const client = `client_secret: "$\{SECRET}"`
const google = 'https://accounts.google.com'
const offline = 'scopes: [openid, offline_access]'
const noTokens = 'upstreams: { web: { url: https://web:3443, token: none } }'
const ends = 'sessions end with the first access token, often within the hour'
const lacks = (column: number) => [
  `postern.yaml:3:${column}  warning  provider.scopes  lacks offline_access, without which this provider gives no refresh token: ${ends}; add it`,
]
const online = (column: number) =>
  `postern.yaml:3:${column}  warning  provider.authorization_params  lacks access_type, without which Google gives no refresh token: ${ends}; write { access_type: offline, prompt: consent }`

t.test('refresh tokens', async (t) => {
  testRows(t, [
    [
      'Google takes a parameter for them, and no scope',
      provider(client, google),
      [
        online(11),
        'postern.yaml:3:11  warning  provider.scopes  has offline_access, a scope that Google does not know and refuses the sign-in for; write "scopes: [openid, profile, email]"',
      ].reverse(),
    ],
    [
      'and that is all it takes',
      provider(`${client}, scopes: [openid], authorization_params: { access_type: offline }`, google),
      [],
    ],
    [
      'another value is none',
      provider(`${client}, scopes: [openid], authorization_params: { access_type: online }`, google),
      [online(140)],
    ],
    ...['https://login.microsoftonline.com/t/v2.0', 'https://a.okta.com', 'https://a.eu.auth0.com/'].flatMap(
      (issuer): Row[] => [
        [
          `${issuer} takes a scope for them`,
          provider(`${client}, scopes: [openid]`, issuer),
          lacks(81 + issuer.length),
        ],
        [`${issuer} with that scope`, provider(`${client}, ${offline}`, issuer), []],
        [
          `${issuer} where no token is used`,
          { ...provider(`${client}, scopes: [openid]`, issuer), upstreams: noTokens },
          [],
        ],
      ],
    ),
    [
      'a token in the answers of checks is used',
      {
        ...provider(`${client}, scopes: [openid]`, 'https://a.okta.com'),
        server: 'server: { public_url: https://app.example.com, trusted_proxies: [10.0.0.1] }',
        upstreams: noTokens,
        forward_auth: 'forward_auth: { preset: nginx, token: none, access_token_header: true }',
      },
      lacks(99),
    ],
    ['nobody knows the others', provider(`${client}, scopes: [openid]`), []],
  ] satisfies Row[])
})

const plain = (rest: Row[1], scopes = 'read:user') => ({
  provider: `provider: { endpoints: { authorization: https://github.com/a, token: https://github.com/t, userinfo: https://api.github.com/user, jwks_uri: https://github.com/k }, client_id: p, ${client}, scopes: ["${scopes}"], userinfo: { sub: id, org: company } }`,
  ...rest,
})
const claims = (keys: string, ...more: string[]) => ({
  routes: routes(`path: /**, upstream: web, claims: { ${keys} }`, ...more),
})
const sub = 'sub: ["1"], org.name: [x]'

t.test('plain OAuth 2.0', async (t) => {
  testRows(t, [
    ['mapped claims are there', plain(claims(sub)), []],
    [
      'others are not',
      plain(claims(`${sub}, organisation: [x], groups: [staff]`)),
      [
        ['84', 'organisation'],
        ['97', 'groups'],
      ].map(
        ([column, name]) =>
          `postern.yaml:7:${column}  warning  routes[0].claims.${name}  is a claim that no session has, so that nobody who signed in passes: with plain OAuth 2.0 the only claims are those of "provider.userinfo"; name it there`,
      ),
    ],
    ['with OpenID Connect anything may be there', plain(claims('groups: [staff]'), 'openid'), []],
    [
      'and in bearer tokens, too',
      {
        ...plain(claims('groups: [staff]')),
        bearer:
          'bearer: { issuers: [{ issuer: https://login.example.com, audience: https://api.example.com }] }',
      },
      [],
    ],
    [
      'there are no ID tokens to hand on',
      plain({
        upstreams: 'upstreams: { web: { url: https://web:3443, token: id } }',
        server: 'server: { public_url: https://app.example.com, trusted_proxies: [10.0.0.1] }',
        forward_auth: 'forward_auth: { preset: nginx, token: id }',
      }),
      ['5:51  warning  upstreams.web.token', '8:39  warning  forward_auth.token'].map(
        (place) =>
          `postern.yaml:${place}  is id, but plain OAuth 2.0 has no ID tokens: none is ever sent; write access or none`,
      ),
    ],
  ] satisfies Row[])
})

const cached = (cache: string) => ({
  bearer: `bearer: { introspection: { endpoint: https://login.example.com/i, client_id: p, ${client}, audience: a, cache: ${cache} } }`,
})

t.test('introspection', async (t) => {
  testRows(t, [
    ['five minutes are the most', cached('5m'), []],
    [
      'more is too long',
      cached('301s'),
      [
        'postern.yaml:8:129  warning  bearer.introspection.cache  is longer than 5m: as long does a token pass that was revoked; write 30s or a few minutes',
      ],
    ],
  ])
})
