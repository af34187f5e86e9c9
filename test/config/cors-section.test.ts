import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import type { CorsPolicy } from '../../src/core/cors.ts'
import { problemLines, writeConfig, yamlWith } from './support.ts'

const routeWith = (cors: string, more = '') => ({
  routes: `routes: [{ path: /x, upstream: web, access: public${more}, cors: ${cors} }]`,
})
/** Where the value of `cors` begins. */
const at = (column: number) => `postern.yaml:6:${59 + column}  routes[0].cors`

/** What is wrong, the policy that has it, and the lines that say so. */
const cases: [string, string, string[]][] = [
  ['no map', 'true', [`${at(0)}  must be a map`]],
  [
    'nobody',
    '{}',
    [`${at(0)}.origins  is required; it must be a list of origins, each written out; * is none`],
  ],
  ['an empty list of origins', '{ origins: [] }', [`${at(11)}.origins  must have at least one item`]],
  [
    'every origin',
    '{ origins: "*" }',
    [`${at(11)}.origins  must be a list of origins, each written out; * is none`],
  ],
  [
    'origins that are none',
    '{ origins: ["*", "null", "https://*.example.com", spa.example.com, "https://spa.example.com/x", 5] }',
    [12, 17, 25, 50, 67, 96].map(
      (column, index) =>
        `${at(column)}.origins[${index}]  must be an origin like https://app.example.com, with nothing after the host`,
    ),
  ],
  [
    'an origin twice',
    '{ origins: ["https://a.example", "https://A.example:443/"] }',
    [`${at(33)}.origins[1]  stands in the list twice; keep one of them`],
  ],
  [
    'methods that no request may have',
    '{ origins: ["https://a.example"], methods: [get, "*", trace, Connect, "P T", GET] }',
    [
      ...[49, 54, 61, 70].map(
        (column, index) =>
          `${at(column)}.methods[${index + 1}]  must be a request method like GET; CONNECT and TRACE are never served`,
      ),
      `${at(77)}.methods[5]  stands in the list twice; keep one of them`,
    ],
  ],
  [
    'lists that are none',
    '{ origins: ["https://a.example"], methods: GET, headers: X-A, expose_headers: ETag }',
    [
      `${at(43)}.methods  must be a list of request methods`,
      `${at(57)}.headers  must be a list of header names`,
      `${at(78)}.expose_headers  must be a list of header names`,
    ],
  ],
  [
    'empty lists',
    '{ origins: ["https://a.example"], methods: [], headers: [], expose_headers: [] }',
    [
      `${at(43)}.methods  must have at least one item`,
      `${at(56)}.headers  must have at least one item`,
      `${at(76)}.expose_headers  must have at least one item`,
    ],
  ],
  [
    'names that are none',
    '{ origins: ["https://a.example"], headers: ["*", "X A", "X:A"], expose_headers: ["*", ""] }',
    [
      `${at(44)}.headers[0]  must be a header name, each written out`,
      `${at(49)}.headers[1]  must be a header name, each written out`,
      `${at(56)}.headers[2]  must be a header name, each written out`,
      `${at(81)}.expose_headers[0]  must be a header name, each written out`,
      `${at(86)}.expose_headers[1]  must be a header name, each written out`,
    ],
  ],
  [
    'a request header twice, in two spellings',
    '{ origins: ["https://a.example"], headers: [X-A, x-a] }',
    [`${at(49)}.headers[1]  stands in the list twice; keep one of them`],
  ],
  [
    'credentials that are neither',
    '{ origins: ["https://a.example"], credentials: include }',
    [`${at(47)}.credentials  must be true or false`],
  ],
  [
    'durations that browsers cannot be told',
    '{ origins: ["https://a.example"], max_age: 600 }',
    [`${at(43)}.max_age  must be a duration of whole seconds, like 30s, 5m or 12h`],
  ],
  [
    'parts of a second',
    '{ origins: ["https://a.example"], max_age: 1500ms }',
    [`${at(43)}.max_age  must be a duration of whole seconds, like 30s, 5m or 12h`],
  ],
  [
    'a near-miss key',
    '{ origin: ["https://a.example"] }',
    [
      `${at(0)}.origins  is required; it must be a list of origins, each written out; * is none`,
      `${at(2)}.origin  unknown key "origin"; did you mean "origins"?`,
    ],
  ],
]

for (const [name, cors, lines] of cases) {
  t.test(`tells of ${name}`, async (t) => t.strictSame(problemLines(t, yamlWith(routeWith(cors))), lines))
}

const policies: [string, cors: string, more: string, policy: CorsPolicy | undefined][] = [
  [
    'a short one',
    '{ origins: ["https://SPA.example:443/"] }',
    '',
    {
      origins: ['https://spa.example'],
      headers: ['authorization', 'content-type'],
      exposeHeaders: [],
      credentials: false,
      maxAge: 600,
    },
  ],
  [
    'a long one',
    '{ origins: ["http://localhost:5173"], methods: [get, DELETE], headers: [X-A], expose_headers: [ETag], credentials: true, max_age: 1h }',
    '',
    {
      origins: ['http://localhost:5173'],
      methods: ['GET', 'DELETE'],
      headers: ['x-a'],
      exposeHeaders: ['ETag'],
      credentials: true,
      maxAge: 3600,
    },
  ],
]

for (const [name, cors, more, policy] of policies) {
  t.test(`reads ${name}`, async (t) => t.strictSame(policyIn(t, cors, more), policy))
}

t.test('a policy allows no method that the route is not for', async (t) => {
  const methodsOf = (methods: string, more: string) =>
    policyIn(t, `{ origins: ["https://a.example"]${methods} }`, more)?.methods
  t.strictSame(methodsOf('', ', methods: [GET, POST]'), ['GET', 'POST'])
  t.strictSame(methodsOf(', methods: [HEAD, PUT, GET]', ', methods: [GET, POST]'), ['HEAD', 'GET'])
  t.strictSame(methodsOf(', methods: [HEAD, PUT]', ', methods: [POST]'), [])
})

function policyIn(t: Parameters<typeof writeConfig>[0], cors: string, more: string): CorsPolicy | undefined {
  return loadConfig(writeConfig(t, yamlWith(routeWith(cors, more))), { env: {} }).routes[0]?.cors
}
