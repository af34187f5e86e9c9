import t from 'tap'
import { type Overrides, problemLines, testKey, yamlWith } from './support.ts'

/** What is wrong, the sections that have it, and the lines that say so. */
const cases: [string, Overrides, string[]][] = [
  [
    'no keys',
    { session: 'session: {}' },
    ['postern.yaml:4:10  session.keys  is required; write it, or "keys_file"; "postern keygen" prints a key'],
  ],
  [
    'keys and a file of keys',
    { session: `session: { keys: [${testKey}], keys_file: keys }` },
    ['postern.yaml:4:77  session.keys_file  stands beside "keys"; keep only one of the two'],
  ],
  [
    'an empty list of keys',
    { session: 'session: { keys: [] }' },
    ['postern.yaml:4:18  session.keys  must have at least one item'],
  ],
  [
    'a key of the wrong length',
    { session: `session: { keys: [${testKey}, c2hvcnQ=] }` },
    [
      'postern.yaml:4:65  session.keys[1]  must be 32 random bytes as base64; "postern keygen" prints such a key',
    ],
  ],
  [
    'a key that is no text',
    { session: 'session: { keys: [12345] }' },
    [
      'postern.yaml:4:19  session.keys[0]  must be 32 random bytes as base64; "postern keygen" prints such a key',
    ],
  ],
  [
    'a key that is too simple',
    { session: 'session: { keys: [AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=] }' },
    [
      'postern.yaml:4:19  session.keys[0]  is too simple to be a random key; "postern keygen" prints a good one',
    ],
  ],
  [
    'a key twice, in two spellings',
    { session: `session: { keys: [${testKey}, ${testKey.slice(0, 43)}] }` },
    ['postern.yaml:4:65  session.keys[1]  stands in the list twice; keep one of them'],
  ],
  [
    'a bad key in a file',
    { session: 'session: { keys_file: secret }' },
    [
      'postern.yaml:4:23  session.keys_file  must be 32 random bytes as base64; "postern keygen" prints such a key',
    ],
  ],
  [
    'a key that is the client secret',
    {
      provider: `provider: { issuer: https://login.example.com, client_id: postern, client_secret: ${testKey} }`,
    },
    [
      'postern.yaml:4:19  session.keys[0]  is the client secret, which others know; "postern keygen" prints a key of its own',
    ],
  ],
  [
    'an idle timeout past the lifetime',
    { session: `session: { keys: [${testKey}], absolute_lifetime: 1h, idle_timeout: 2h }` },
    [
      'postern.yaml:4:103  session.idle_timeout  must not be longer than "absolute_lifetime"; write none to turn it off',
    ],
  ],
  [
    'an idle timeout that is no duration',
    { session: `session: { keys: [${testKey}], idle_timeout: never }` },
    [
      'postern.yaml:4:80  session.idle_timeout  must be a duration with a unit, like 30m or 1h, or none; from 1ms to 3650d',
    ],
  ],
  [
    'another store',
    { session: `session: { keys: [${testKey}], store: redis }` },
    ['postern.yaml:4:73  session.store  must be cookie: no other store is supported yet'],
  ],
  [
    'a cookie name with a prefix',
    { session: `session: { keys: [${testKey}], cookie: { name: __Host-postern } }` },
    [
      'postern.yaml:4:82  session.cookie.name  must be letters, digits, _ and - only; the __Host- or __Secure- prefix is added by itself',
    ],
  ],
  [
    'a cookie domain with a leading dot',
    { session: `session: { keys: [${testKey}], cookie: { domain: .example.com } }` },
    ['postern.yaml:4:84  session.cookie.domain  must be a domain like example.com, without a leading dot'],
  ],
  [
    'a cookie domain of another host',
    { session: `session: { keys: [${testKey}], cookie: { domain: example.org } }` },
    [
      'postern.yaml:4:84  session.cookie.domain  must be the domain of every public_url, but does not cover app.example.com',
    ],
  ],
  [
    'a cookie domain that is only the end of a name',
    {
      server: 'server: { public_url: https://badexample.com }',
      session: `session: { keys: [${testKey}], cookie: { domain: example.com } }`,
    },
    [
      'postern.yaml:4:84  session.cookie.domain  must be the domain of every public_url, but does not cover badexample.com',
    ],
  ],
  [
    'a shared cookie over two schemes',
    {
      server: 'server: { public_url: [https://a.localhost, http://b.localhost] }',
      session: `session: { keys: [${testKey}], cookie: { domain: localhost } }`,
    },
    [
      'postern.yaml:1:23  server.public_url  must be all https or all http, since "session.cookie.domain" shares one session between them',
    ],
  ],
  [
    'same_site none over http',
    {
      server: 'server: { public_url: http://localhost:4180 }',
      session: `session: { keys: [${testKey}], cookie: { same_site: none } }`,
    },
    [
      'postern.yaml:4:87  session.cookie.same_site  must not be none while a public_url is http: browsers drop such cookies',
    ],
  ],
  [
    'too many and too few chunks',
    { session: `session: { keys: [${testKey}], cookie: { max_chunks: 9 } }` },
    ['postern.yaml:4:88  session.cookie.max_chunks  must be at most 8'],
  ],
  [
    'no chunks',
    { session: `session: { keys: [${testKey}], cookie: { max_chunks: 0 } }` },
    ['postern.yaml:4:88  session.cookie.max_chunks  must be at least 1'],
  ],
  [
    'half a chunk',
    { session: `session: { keys: [${testKey}], cookie: { max_chunks: 1.5 } }` },
    ['postern.yaml:4:88  session.cookie.max_chunks  must be a whole number from 1 to 8'],
  ],
]

for (const [name, overrides, lines] of cases) {
  t.test(`tells of ${name}`, async (t) => t.strictSame(problemLines(t, yamlWith(overrides)), lines))
}
