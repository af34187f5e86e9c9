import { METHODS } from 'node:http'
import { z } from 'zod'
import { wholeSeconds } from '../config/duration.ts'
import { conflictIf, withRelations } from '../config/relation.ts'
import { scope } from '../config/schema-provider.ts'
import { checked, distinct, isToken, line } from '../config/text.ts'
import { splitUrl } from '../explain/request.ts'

const headerName = checked('must be a header name', isToken)
/** Anything that one header line can hold (RFC 9110 section 5.5). */
const headerValue = checked('must be the value of a header, as text of one line', (text) =>
  /^[\t\x20-\x7e\x80-\xff]*$/.test(text),
)
const claims = z.record(z.string(), z.unknown())

const requestSchema = withRelations(
  z.strictObject({
    method: checked(
      'must be a request method like GET, in upper case',
      (text) => METHODS.includes(text) && text !== 'CONNECT',
    ).prefault('GET'),
    url: checked(
      'must be an http or https URL, to the letter',
      (text) => !text.startsWith('/') && splitUrl(text, '') !== undefined,
    ).exactOptional(),
    host: line('must be a host, as it stands in the Host header').exactOptional(),
    path: checked('must be a path that begins with /', (text) => text.startsWith('/')).exactOptional(),
    headers: z.record(headerName, headerValue).prefault({}),
    client: line('must be an address').prefault('127.0.0.1'),
    check: z.boolean().prefault(false),
  }),
  [
    {
      reads: [],
      find: ({ url, host, path }) => [
        ...conflictIf(url === undefined && path === undefined, ['url'], 'is required; write it, or "path"'),
        ...conflictIf(
          url !== undefined && path !== undefined,
          ['path'],
          'stands beside "url"; keep only one of the two',
        ),
        ...conflictIf(
          url !== undefined && host !== undefined,
          ['host'],
          'stands beside "url", which has one; take it out',
        ),
      ],
    },
  ],
)

const decisions = ['forward', 'login', 'challenge', 'forbid', 'refuse', 'answer'] as const

const expectSchema = z.strictObject({
  decision: z.enum(decisions).exactOptional(),
  status: z
    .int('must be a status like 403')
    .min(100, 'must be a status like 403')
    .max(599, 'must be a status like 403')
    .exactOptional(),
  reason: line('must be a reason, as it stands in the log').exactOptional(),
  rule: line('must be a rule like routes[3], the path of one, or none').exactOptional(),
  upstream: line('must be the name of an upstream').exactOptional(),
  path: checked('must be the path that the upstream is asked for', (text) =>
    text.startsWith('/'),
  ).exactOptional(),
  headers: z.record(headerName, headerValue).exactOptional(),
  absent: distinct(headerName, 'must be a list of header names').exactOptional(),
})

const testSchema = withRelations(
  z.strictObject({
    name: line('must be a name for people'),
    request: requestSchema,
    user: claims.exactOptional(),
    scopes: distinct(scope, 'must be a list of scopes').exactOptional(),
    bearer: claims.exactOptional(),
    authenticated_ago: wholeSeconds.exactOptional(),
    expect: expectSchema,
  }),
  [
    {
      reads: [],
      find: (test) => {
        const [first, ...others] = identitiesOf(test)
        return others.flatMap((key) =>
          conflictIf(true, [key], `stands beside "${first}"; keep only one of the two`),
        )
      },
    },
    {
      reads: [['authenticated_ago']],
      find: (test) =>
        conflictIf(
          test.authenticated_ago !== undefined && identitiesOf(test).length === 0,
          ['authenticated_ago'],
          'is about somebody: write "user", "scopes" or "bearer" too',
        ),
    },
  ],
)

/** The keys of a test that say who is asking. */
function identitiesOf(test: object): readonly string[] {
  return ['user', 'scopes', 'bearer'].filter((key) => key in test)
}

/** A file of tests: the configuration it is about, relative to the file, and what is expected of it. */
export const testFileSchema = z.strictObject({
  config: line('must be the path of a configuration').exactOptional(),
  tests: z.array(testSchema, 'must be a list of tests').min(1, 'must have at least one test'),
})

/** One test, checked: a request, who sends it, and what is to become of it. */
export type RuleTest = z.output<typeof testSchema>

/** What is expected; what is left out may be anything. */
export type Expected = RuleTest['expect']
