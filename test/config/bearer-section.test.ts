import t from 'tap'
import { load, type Overrides, problemLines, testKey, yamlWith } from './support.ts'

const who = 'issuer: https://login.example.com'
const whom = 'audience: https://api.example.com'
const client = `${who}, ${whom}, client_id: api`

const issuer = (keys: string): Overrides => ({ bearer: `bearer: { issuers: [{ ${keys} }] }` })
const introspection = (keys: string): Overrides => ({ bearer: `bearer: { introspection: { ${keys} } }` })
const section = (keys: string): Overrides => ({ bearer: `bearer: { ${keys} }` })

t.test('gives every key its default', async (t) => {
  const { bearer } = load(t, section(`issuers: [{ ${who}, ${whom} }]`))
  t.strictSame(bearer, {
    issuers: [
      {
        issuer: 'https://login.example.com',
        audience: ['https://api.example.com'],
        algorithms: [
          ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
          ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
        ],
        type: 'any',
      },
    ],
    clock_tolerance: 30_000,
    timeout: 5_000,
    tls: {},
    dangerously_allow_http: false,
  })
})

t.test('gives introspection its defaults, and needs no issuers beside it', async (t) => {
  const { bearer } = load(t, introspection(`${client}, client_secret: hush`))
  t.strictSame(bearer?.issuers, [])
  t.strictSame(bearer?.introspection, {
    issuer: 'https://login.example.com',
    client_id: 'api',
    client_secret: 'hush',
    client_auth: 'client_secret_basic',
    audience: ['https://api.example.com'],
    cache: 30_000,
  })
})

t.test('takes everything that can be written', async (t) => {
  const { bearer, warnings } = load(t, {
    bearer: `bearer:
  issuers:
    - issuer: https://login.example.com/realms/a
      audience: [https://api.example.com, orders]
      algorithms: [ES256, Ed25519]
      jwks_uri: https://keys.example.com/a?x=y
      scope_claim: realm_access.roles
      type: at+jwt
    - { issuer: http://localhost:9400, audience: orders, jwks_uri: "http://[::1]:9400/keys", type: jwt }
  introspection:
    endpoint: http://127.0.0.1:9400/introspect
    client_id: api
    client_secret_file: secret
    client_auth: client_secret_post
    audience: [orders]
    scope_claim: permissions
    cache: 500ms
  clock_tolerance: 1m
  timeout: 2s
  tls: { ca_file: cert.pem }`,
  })
  t.strictSame(warnings, [])
  t.strictSame(bearer, {
    issuers: [
      {
        issuer: 'https://login.example.com/realms/a',
        audience: ['https://api.example.com', 'orders'],
        algorithms: ['ES256', 'Ed25519'],
        jwks_uri: 'https://keys.example.com/a?x=y',
        scope_claim: 'realm_access.roles',
        type: 'at+jwt',
      },
      {
        issuer: 'http://localhost:9400',
        audience: ['orders'],
        algorithms: bearer?.issuers[1]?.algorithms,
        jwks_uri: 'http://[::1]:9400/keys',
        type: 'jwt',
      },
    ],
    introspection: {
      endpoint: 'http://127.0.0.1:9400/introspect',
      client_id: 'api',
      client_secret: 'top-secret',
      client_auth: 'client_secret_post',
      audience: ['orders'],
      scope_claim: 'permissions',
      cache: 500,
    },
    clock_tolerance: 60_000,
    timeout: 2_000,
    tls: { ca: '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----' },
    dangerously_allow_http: false,
  })
})

t.test('takes a client of introspection that signs, and one that has nothing to show', async (t) => {
  const signs = `${client}, client_auth: private_key_jwt, client_key_file: key.pem, client_key_id: k1`
  t.match(load(t, introspection(signs)).bearer?.introspection, {
    client_auth: 'private_key_jwt',
    client_key: { pem_or_jwk: /^-----BEGIN PRIVATE KEY-----/, key_id: 'k1' },
  })
  const shows = load(t, introspection(`${client}, client_auth: none`)).bearer?.introspection
  t.notOk(shows && ('client_key' in shows || 'client_secret' in shows))
})

t.test('compares issuers to the letter', async (t) => {
  const { bearer } = load(t, section(`issuers: [{ ${who}, ${whom} }, { ${who}/, ${whom} }]`))
  t.equal(bearer?.issuers.length, 2)
})

t.test('freezes the section', async (t) => {
  const { bearer } = load(t, section(`issuers: [{ ${who}, ${whom} }]`))
  t.ok([bearer, bearer?.issuers, bearer?.issuers[0]?.audience].every(Object.isFrozen))
})

const aboutAudience =
  'must be whom tokens are for (their "aud"), like https://api.example.com, or a list; without it, tokens for any other service would count'
const anAudience = 'must be an audience, as it stands in the tokens'
const anAlgorithm = 'must be RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA or Ed25519'
const aUrl = 'must be a URL like https://login.example.com, without user, query or fragment'
const anEndpoint = 'must be a URL like https://login.example.com/token, without user or fragment'
const aDuration = 'must be a duration with a unit, like 500ms, 30s or 5m; from 1ms to 24d'
const exposed =
  'must begin with https:// unless the host is loopback; for tests only, "dangerously_allow_http: true" lifts this'

/** What is wrong, the section that has it, and the lines that say so. */
const cases: [string, Overrides, string[]][] = [
  [
    'an issuer without audience',
    issuer(who),
    [`8:21  bearer.issuers[0].audience  is required; it ${aboutAudience}`],
  ],
  [
    'an audience left empty',
    issuer(`${who}, audience:`),
    [`8:68  bearer.issuers[0].audience  is empty; it ${aboutAudience}`],
  ],
  [
    'an audience of another kind',
    issuer(`${who}, audience: true`),
    [`8:68  bearer.issuers[0].audience  ${aboutAudience}`],
  ],
  [
    'an audience without a letter',
    issuer(`${who}, audience: ""`),
    [`8:68  bearer.issuers[0].audience  ${anAudience}`],
  ],
  [
    'an audience of two lines',
    issuer(`${who}, audience: "a\\nb"`),
    [`8:68  bearer.issuers[0].audience  ${anAudience}`],
  ],
  [
    'an empty list of audiences',
    issuer(`${who}, audience: []`),
    ['8:68  bearer.issuers[0].audience  must have at least one item'],
  ],
  [
    'an audience twice',
    issuer(`${who}, audience: [a, a]`),
    ['8:72  bearer.issuers[0].audience[1]  stands in the list twice; keep one of them'],
  ],
  [
    'a list with an audience of another kind',
    issuer(`${who}, audience: [a, 3]`),
    [`8:72  bearer.issuers[0].audience[1]  ${anAudience}`],
  ],
  ['no issuer', issuer(whom), [`8:21  bearer.issuers[0].issuer  is required; it ${aUrl}`]],
  [
    'an issuer without a scheme, and one with a query',
    section(
      `issuers: [{ issuer: login.example.com, ${whom} }, { issuer: "https://id.example.com?x", ${whom} }]`,
    ),
    [`8:31  bearer.issuers[0].issuer  ${aUrl}`, `8:97  bearer.issuers[1].issuer  ${aUrl}`],
  ],
  [
    'issuers that are text',
    section('issuers: [https://login.example.com]'),
    ['8:21  bearer.issuers[0]  must be a map'],
  ],
  [
    'a single issuer that is no list',
    section(`issuers: { ${who}, ${whom} }`),
    ['8:20  bearer.issuers  must be a list of issuers'],
  ],
  [
    'an issuer twice',
    section(`issuers: [{ ${who}, ${whom} }, { ${who}, audience: orders }]`),
    ['8:105  bearer.issuers[1].issuer  stands in the list twice; write one entry with a list of audiences'],
  ],
  [
    'symmetric and absent signatures',
    issuer(`${who}, ${whom}, algorithms: [HS256, none]`),
    [
      `8:106  bearer.issuers[0].algorithms[0]  ${anAlgorithm}`,
      `8:113  bearer.issuers[0].algorithms[1]  ${anAlgorithm}`,
    ],
  ],
  [
    'algorithms that are no list',
    issuer(`${who}, ${whom}, algorithms: RS256`),
    ['8:105  bearer.issuers[0].algorithms  must be a list of asymmetric signature algorithms'],
  ],
  [
    'no algorithm at all',
    issuer(`${who}, ${whom}, algorithms: []`),
    ['8:105  bearer.issuers[0].algorithms  must have at least one item'],
  ],
  [
    'an address of keys with a fragment',
    issuer(`${who}, ${whom}, jwks_uri: "https://id.example.com/keys#1"`),
    [`8:103  bearer.issuers[0].jwks_uri  ${anEndpoint}`],
  ],
  [
    'a claim of scopes without a name',
    issuer(`${who}, ${whom}, scope_claim: ""`),
    [
      '8:106  bearer.issuers[0].scope_claim  must be the name of a claim, dotted for a nested one, like realm_access.roles',
    ],
  ],
  [
    'an unknown type',
    issuer(`${who}, ${whom}, type: JWT`),
    ['8:99  bearer.issuers[0].type  must be at+jwt, jwt or any'],
  ],
  [
    'near misses of the keys of an issuer',
    issuer(`${who}, ${whom}, jwks_url: https://id.example.com/keys, audiences: [a]`),
    [
      '8:93  bearer.issuers[0].jwks_url  unknown key "jwks_url"; did you mean "jwks_uri"?',
      '8:132  bearer.issuers[0].audiences  unknown key "audiences"; did you mean "audience"?',
    ],
  ],
  [
    'near misses of the keys of the section',
    section(`issuer: [{ ${who}, ${whom} }], timout: 3s`),
    [
      '8:9  bearer.issuers  is required; it must have at least one issuer, unless there is "introspection"',
      '8:11  bearer.issuer  unknown key "issuer"; did you mean "issuers"?',
      '8:95  bearer.timout  unknown key "timout"; did you mean "timeout"?',
    ],
  ],
  [
    'a near miss of a key of introspection',
    introspection(`${client}, client_secret: s, clientid: b`),
    ['8:132  bearer.introspection.clientid  unknown key "clientid"; did you mean "client_id"?'],
  ],
  ['nothing', { bearer: 'bearer:' }, ['8:8  bearer  is empty; it must be a map']],
  ['a list', { bearer: 'bearer: []' }, ['8:9  bearer  must be a map']],
  [
    'nobody whose tokens could count',
    section('issuers: []'),
    ['8:20  bearer.issuers  must have at least one issuer, unless there is "introspection"'],
  ],
  [
    'introspection that is text',
    section('introspection: https://id.example.com'),
    ['8:26  bearer.introspection  must be a map'],
  ],
  [
    'introspection by issuer and endpoint',
    introspection(`${client}, client_secret: s, endpoint: https://id.example.com/i`),
    ['8:142  bearer.introspection.endpoint  stands beside "issuer"; keep only one of the two'],
  ],
  [
    'introspection by neither',
    introspection(`${whom}, client_id: api, client_secret: s`),
    ['8:26  bearer.introspection.endpoint  is required; write it, or "issuer"'],
  ],
  [
    'introspection for any audience',
    introspection(`${who}, client_id: api, client_secret: s`),
    [`8:26  bearer.introspection.audience  is required; it ${aboutAudience}`],
  ],
  [
    'introspection by nobody',
    introspection(`${who}, ${whom}, client_secret: s`),
    ['8:26  bearer.introspection.client_id  is required; it must be the client id that the provider gave'],
  ],
  [
    'introspection without a client secret',
    introspection(client),
    [
      '8:26  bearer.introspection.client_secret  is required; write it, or "client_secret_file", or another "client_auth"',
    ],
  ],
  [
    'introspection without a client key',
    introspection(`${client}, client_auth: private_key_jwt`),
    ['8:26  bearer.introspection.client_key_file  is required for private_key_jwt'],
  ],
  [
    'a client secret written twice',
    introspection(`${client}, client_secret: s, client_secret_file: secret`),
    [
      '8:152  bearer.introspection.client_secret_file  stands beside "client_secret"; keep only one of the two',
    ],
  ],
  [
    'files that are not what they should be',
    introspection(`${client}, client_secret_file: keys, client_key_file: secret`),
    [
      '8:134  bearer.introspection.client_secret_file  must name a file with the client secret as its only line',
      '8:157  bearer.introspection.client_key_file  must name a file with a private key as PEM (PKCS #8) or as JWK',
    ],
  ],
  [
    'unknown client authentication',
    introspection(`${client}, client_auth: basic`),
    [
      '8:127  bearer.introspection.client_auth  must be client_secret_basic, client_secret_post, private_key_jwt or none',
    ],
  ],
  [
    'durations without a unit, and other words',
    section(
      `issuers: [{ ${who}, ${whom} }], clock_tolerance: 1, timeout: soon, tls: { ca_file: secret }, dangerously_allow_http: yes`,
    ),
    [
      `8:113  bearer.clock_tolerance  ${aDuration}`,
      `8:125  bearer.timeout  ${aDuration}`,
      '8:147  bearer.tls.ca_file  must name a PEM file with a certificate',
      '8:181  bearer.dangerously_allow_http  must be true or false',
    ],
  ],
  [
    'a cache that never forgets',
    introspection(`${client}, client_secret: s, cache: none`),
    [`8:139  bearer.introspection.cache  ${aDuration}`],
  ],
  [
    'http to other hosts',
    section(
      `issuers: [{ issuer: http://a.example.com, ${whom}, jwks_uri: http://b.example.com/k }], introspection: { endpoint: http://c.example.com/i, ${whom}, client_id: a, client_secret: s }`,
    ),
    [
      `8:31  bearer.issuers[0].issuer  ${exposed}`,
      `8:98  bearer.issuers[0].jwks_uri  ${exposed}`,
      `8:152  bearer.introspection.endpoint  ${exposed}`,
    ],
  ],
  [
    'http to the issuer of introspection',
    introspection(`issuer: http://a.example.com, ${whom}, client_id: a, client_secret: s`),
    [`8:36  bearer.introspection.issuer  ${exposed}`],
  ],
  [
    'a session key that is the client secret',
    introspection(`${client}, client_secret: ${testKey}`),
    [
      '4:19  session.keys[0]  is the client secret, which others know; "postern keygen" prints a key of its own',
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
