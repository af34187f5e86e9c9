import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { loadConfig } from '../../../src/config/load.ts'
import { ConfigError, type Problem } from '../../../src/config/problem.ts'
import { ruleProblems } from '../../../src/core/rules.ts'
import { yamlWith } from '../../config/support.ts'
import { type FuzzTarget, must, mutated, syncProperty } from '../target.ts'

const secret = 'hunter2/hunter2+hunter2/hunter2='
const key = Buffer.from('/of/thirty-two/bytes/at/all////?').toString('base64')
const env = { POSTERN_CLIENT_SECRET: secret, POSTERN_SESSION_KEY: key }

const pieces = [
  ...[
    '\n',
    '\n  ',
    ' ',
    '\t',
    ':',
    ': ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    ',',
    '#',
    '"',
    "'",
    '|',
    '>',
    '|+2\n',
    '? ',
    '---\n',
    '...\n',
  ],
  ...[
    '&a ',
    '*a',
    '!!str ',
    '!x ',
    '<<: *a',
    '%YAML 1.1\n',
    '${',
    '$${',
    '}',
    `$\{NO}`,
    '\0',
    '\x1b',
    '\ufeff',
    '\u2028',
    '\ud800',
  ],
  ...[
    'null',
    'true',
    '~',
    '-1',
    '1e400',
    '0x10',
    '.nan',
    '5m',
    '/**',
    '__proto__',
    'constructor',
    'toString',
    '""',
  ],
  ...['routes:', 'provider:', 'keys:', 'path: ', secret, key, '&a [*a, *a]', '{a: {a: '.repeat(30)],
]

const published = readFileSync(new URL('../../../../config/postern.yaml', import.meta.url), 'utf8')
const bases = [
  published,
  yamlWith({
    provider: `provider: { issuer: https://login.example.com, client_id: postern, client_secret: "${secret}" }`,
  }),
  yamlWith({ session: `session: { keys: ["${key}"] }` }),
  yamlWith({
    routes:
      'routes: [{ path: /a/**, upstream: web, scopes: [a, b], claims: { groups: [x] }, methods: [GET], on_unauthenticated: auto }]',
    logging:
      'logging: &a { level: info }\nbearer: { issuers: [{ issuer: https://a.example, audience: api }] }',
  }),
]

const texts = fc.oneof(
  { weight: 6, arbitrary: mutated(fc.constantFrom(...bases), pieces) },
  {
    weight: 2,
    arbitrary: mutated(fc.constantFrom(...bases), pieces).chain((text) => mutated(fc.constant(text), pieces)),
  },
  fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 60 }),
)

/** Whatever the text: a configuration, or problems that lie inside it and repeat no secret. */
export const configuration: FuzzTarget = {
  name: 'configuration',
  shortRuns: 300,
  open: () => syncProperty(texts, check),
}

function check(text: string): boolean {
  let reads = 0
  let isGood = false
  const readFile = (path: string): string => {
    reads += 1
    if (path === 'postern.yaml') return text
    throw new Error('no such file or directory')
  }
  try {
    const config = loadConfig('postern.yaml', { env, readFile, checkRules: ruleProblems })
    must(Object.isFrozen(config) && Object.isFrozen(config.routes), () => 'not frozen')
    isGood = true
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    must(error.problems.length > 0, () => 'refused without a reason')
    for (const problem of error.problems) checkPlace(problem, text)
    must(![secret, key].some((value) => error.message.includes(value)), () => `a secret: ${error.message}`)
    must(
      !/(?![\n])\p{Cc}/u.test(error.message),
      () => `a control character: ${JSON.stringify(error.message)}`,
    )
  }
  must(reads <= text.length + 1, () => `${reads} files read`)
  return isGood
}

function checkPlace({ line, column, message }: Problem, text: string): void {
  const lines = text.split('\n')
  const length = lines[line - 1]?.length ?? -1
  must(Number.isInteger(line) && Number.isInteger(column), () => `no place: ${line}:${column}`)
  must(line >= 1 && column >= 1 && column <= length + 1, () => `outside: ${line}:${column} ${message}`)
}
