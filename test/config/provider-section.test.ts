import t from 'tap'
import { type Overrides, problemLines, yamlWith } from './support.ts'

/** What is wrong, the sections that have it, and the lines that say so. */
const cases: [string, Overrides, string[]][] = [
  [
    'neither issuer nor endpoints',
    { provider: 'provider: { client_id: postern, client_secret: hush }' },
    ['postern.yaml:3:11  provider.issuer  is required; write it, or "endpoints" for plain OAuth 2.0'],
  ],
  [
    'both issuer and endpoints',
    {
      provider:
        'provider: { issuer: https://login.example.com, client_id: postern, client_secret: hush, endpoints: { authorization: https://id.example.com/a, token: https://id.example.com/t, jwks_uri: https://id.example.com/k } }',
    },
    ['postern.yaml:3:100  provider.endpoints  stands beside "issuer"; keep only one of the two'],
  ],
  [
    'endpoints with openid but without keys',
    {
      provider:
        'provider: { endpoints: { authorization: https://id.example.com/a, token: https://id.example.com/t }, client_id: postern, client_secret: hush }',
    },
    [
      'postern.yaml:3:24  provider.endpoints.jwks_uri  is required to verify ID tokens; for plain OAuth 2.0 write "scopes" without openid',
    ],
  ],
  [
    'endpoints without openid and without UserInfo',
    {
      provider:
        'provider: { endpoints: { authorization: https://id.example.com/a, token: https://id.example.com/t }, scopes: [read], client_id: postern, client_secret: hush }',
    },
    [
      'postern.yaml:3:24  provider.endpoints.userinfo  is required to learn who the user is, since the scopes have no openid',
    ],
  ],
  [
    'a missing endpoint',
    {
      provider:
        'provider: { endpoints: { token: https://id.example.com/t }, client_id: postern, client_secret: hush }',
    },
    [
      'postern.yaml:3:24  provider.endpoints.authorization  is required; it must be a URL like https://login.example.com/token, without user or fragment',
    ],
  ],
  [
    'an issuer with a query',
    {
      provider:
        'provider: { issuer: "https://login.example.com?x", client_id: postern, client_secret: hush }',
    },
    [
      'postern.yaml:3:21  provider.issuer  must be a URL like https://login.example.com, without user, query or fragment',
    ],
  ],
  [
    'an endpoint with a fragment',
    {
      provider:
        'provider: { endpoints: { authorization: "https://id.example.com/a#x", token: https://id.example.com/t }, client_id: postern, client_secret: hush }',
    },
    [
      'postern.yaml:3:41  provider.endpoints.authorization  must be a URL like https://login.example.com/token, without user or fragment',
    ],
  ],
  [
    'http to other hosts',
    { provider: 'provider: { issuer: http://login.example.com, client_id: postern, client_secret: hush }' },
    [
      'postern.yaml:3:21  provider.issuer  must begin with https:// unless the host is loopback; for tests only, "dangerously_allow_http: true" lifts this',
    ],
  ],
  [
    'http endpoints on other hosts',
    {
      provider:
        'provider: { endpoints: { authorization: http://id.example.com/a, token: http://127.0.0.1/t, userinfo: "http://[::1]/u" }, scopes: [a], client_id: postern, client_secret: hush }',
    },
    [
      'postern.yaml:3:41  provider.endpoints.authorization  must begin with https:// unless the host is loopback; for tests only, "dangerously_allow_http: true" lifts this',
    ],
  ],
  [
    'no client id',
    { provider: 'provider: { issuer: https://login.example.com, client_secret: hush }' },
    ['postern.yaml:3:11  provider.client_id  is required; it must be the client id that the provider gave'],
  ],
  [
    'no client secret',
    { provider: 'provider: { issuer: https://login.example.com, client_id: postern }' },
    [
      'postern.yaml:3:11  provider.client_secret  is required; write it, or "client_secret_file", or another "client_auth"',
    ],
  ],
  [
    'no client key',
    {
      provider:
        'provider: { issuer: https://login.example.com, client_id: postern, client_auth: private_key_jwt }',
    },
    ['postern.yaml:3:11  provider.client_key_file  is required for private_key_jwt'],
  ],
  [
    'a secret written twice',
    {
      provider:
        'provider: { issuer: https://login.example.com, client_id: postern, client_secret: hush, client_secret_file: secret }',
    },
    [
      'postern.yaml:3:109  provider.client_secret_file  stands beside "client_secret"; keep only one of the two',
    ],
  ],
  [
    'an empty secret',
    { provider: 'provider: { issuer: https://login.example.com, client_id: postern, client_secret: "" }' },
    ['postern.yaml:3:83  provider.client_secret  must be the client secret that the provider gave'],
  ],
  [
    'an unreadable file',
    {
      provider:
        'provider: { issuer: https://login.example.com, client_id: postern, client_secret_file: missing }',
    },
    [
      'postern.yaml:3:88  provider.client_secret_file  names a file that cannot be read: no such file or directory',
    ],
  ],
  [
    'a file of the wrong kind',
    {
      provider:
        'provider: { issuer: https://login.example.com, client_id: postern, client_secret: hush, client_key_file: secret, tls: { ca_file: secret } }',
    },
    [
      'postern.yaml:3:106  provider.client_key_file  must name a file with a private key as PEM (PKCS #8) or as JWK',
      'postern.yaml:3:130  provider.tls.ca_file  must name a PEM file with a certificate',
    ],
  ],
  [
    'a file of several lines',
    {
      provider:
        'provider: { issuer: https://login.example.com, client_id: postern, client_secret_file: keys }',
    },
    [
      'postern.yaml:3:88  provider.client_secret_file  must name a file with the client secret as its only line',
    ],
  ],
  [
    'a path that is no text',
    {
      provider: 'provider: { issuer: https://login.example.com, client_id: postern, client_secret_file: 3 }',
    },
    ['postern.yaml:3:88  provider.client_secret_file  must be the path of a file'],
  ],
  [
    'no openid beside an issuer',
    {
      provider:
        'provider: { issuer: https://login.example.com, client_id: postern, client_secret: hush, scopes: [email] }',
    },
    ['postern.yaml:3:97  provider.scopes  must name openid, since "issuer" means OpenID Connect'],
  ],
  [
    'a scope with a space, and one twice',
    {
      provider:
        'provider: { issuer: https://login.example.com, client_id: postern, client_secret: hush, scopes: [openid, "a b", openid] }',
    },
    [
      'postern.yaml:3:106  provider.scopes[1]  must be a scope: printable ASCII without space, " or \\',
      'postern.yaml:3:113  provider.scopes[2]  stands in the list twice; keep one of them',
    ],
  ],
  [
    'scopes that are no list',
    {
      provider:
        'provider: { issuer: https://login.example.com, client_id: postern, client_secret: hush, scopes: openid }',
    },
    ['postern.yaml:3:97  provider.scopes  must be a list of strings'],
  ],
  [
    'a parameter of our own',
    {
      provider:
        'provider: { issuer: https://login.example.com, client_id: postern, client_secret: hush, authorization_params: { state: x, audience: y, prompt: 3 } }',
    },
    [
      'postern.yaml:3:120  provider.authorization_params.state  is set by Postern itself; take it out',
      'postern.yaml:3:144  provider.authorization_params.prompt  must be a string; put it in quotes',
    ],
  ],
  [
    'an unknown algorithm',
    {
      provider:
        'provider: { issuer: https://login.example.com, client_id: postern, client_secret: hush, id_token_algorithms: [HS256] }',
    },
    [
      'postern.yaml:3:111  provider.id_token_algorithms[0]  must be RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA or Ed25519',
    ],
  ],
  [
    'an unknown source of claims',
    {
      provider:
        'provider: { issuer: https://login.example.com, client_id: postern, client_secret: hush, claims_from: [cookie] }',
    },
    ['postern.yaml:3:103  provider.claims_from[0]  must be id_token, userinfo or access_token'],
  ],
  [
    'a claim mapping that is no text',
    {
      provider:
        'provider: { issuer: https://login.example.com, client_id: postern, client_secret: hush, userinfo: { sub: 3 } }',
    },
    [
      'postern.yaml:3:106  provider.userinfo.sub  must be the name of a claim, dotted for a nested one, like realm_access.roles',
    ],
  ],
  [
    'a variable that is not set',
    {
      provider: `provider: { issuer: "$\{NOWHERE}", client_id: "$\{not-a-name}", client_secret: "$\{OPEN" }`,
    },
    [
      'postern.yaml:3:21  provider.issuer  needs the environment variable NOWHERE, which is not set',
      `postern.yaml:3:46  provider.client_id  must name a variable as $\{NAME}; write $$\{ for a literal $\{`,
      `postern.yaml:3:78  provider.client_secret  must name a variable as $\{NAME}; write $$\{ for a literal $\{`,
    ],
  ],
]

for (const [name, overrides, lines] of cases) {
  t.test(`tells of ${name}`, async (t) => t.strictSame(problemLines(t, yamlWith(overrides)), lines))
}
