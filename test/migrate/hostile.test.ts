import fc from 'fast-check'
import t from 'tap'
import { parse, parseDocument } from 'yaml'
import type { ConfigError } from '../../src/config/problem.ts'
import { keyOf } from '../../src/migrate/option-names.ts'
import { options } from '../../src/migrate/options.ts'
import { readToml } from '../../src/migrate/read-toml.ts'
import { settingsOf } from '../../src/migrate/settings.ts'
import { translate } from '../../src/migrate/translate.ts'
import { writeYaml } from '../../src/migrate/write-yaml.ts'
import { loadPrinted, migrateOptions, migrateText } from './support.ts'

const sections = [
  'server',
  'provider',
  'session',
  'bearer',
  'upstreams',
  'routes',
  'forward_auth',
  'redirect',
  'logging',
]

/** Texts that want to be more than a value. */
const injections = [
  'x\nroutes: [{ path: /**, upstream: app, access: public }]',
  'x\r\n# comment\r\naccess: public',
  'x\u2028access: public\u0085access: public',
  '", access: public, x: "',
  "' }\n- { path: /**",
  '# not a comment',
  ': {}',
  '- x',
  '*alias',
  '&anchor',
  '!!tag x',
  '%YAML 1.1',
  '---',
  '...',
  '| x',
  `$\{HOME}`,
  `$$\{HOME}`,
  `$\{`,
  '<<',
  '__proto__',
  'null',
  'true',
  '1e3',
  '\u0000\u0007\u001b[31m',
  '\ud800',
  'é\u202e\ufeff',
  'x'.repeat(2_000),
]

/** Every line is a comment, or belongs to a section. */
function shape(yaml: string): string[] {
  const document = parseDocument(yaml)
  if (document.errors.length > 0) throw document.errors[0]
  const start = yaml.indexOf('\nserver:')
  if (
    yaml
      .slice(0, start)
      .split('\n')
      .some((line) => line !== '' && !line.startsWith('#'))
  )
    throw new Error('the comment is none')
  if (!/^[\n -~]*$/.test(yaml.slice(0, start))) throw new Error('the comment is not plain text')
  return Object.keys(document.toJS()).filter((key) => !sections.includes(key))
}

t.test('no value of any option becomes more than a value', async (t) => {
  for (const [index, [flag, { kind }]] of Object.entries(options).entries()) {
    for (const text of some(injections, index)) {
      const yaml = printedOrRefused({ [keyOf(flag)]: kind === 'list' ? [text] : text })
      if (yaml !== undefined && shape(yaml).length > 0) t.fail(`${flag}: ${text}`)
    }
  }
  t.pass('none')
})

/** Every option gets some of them, and each is had by many. */
function some(texts: readonly string[], index: number): readonly string[] {
  return texts.filter((_, position) => position % 6 === index % 6)
}

/** Names of claims that are none are refused; everything else is printed. */
function printedOrRefused(written: Record<string, unknown>): string | undefined {
  try {
    return migrateOptions(written)
  } catch (error) {
    if ((error as Error).name === 'SyntaxProblem') return undefined
    throw error
  }
}

t.test('no value makes a route public, or takes its condition away', async (t) => {
  for (const [index, flag] of Object.keys(options).entries()) {
    for (const text of flag.startsWith('skip-auth') ? [] : some(injections, index)) {
      const yaml = printedOrRefused({ allowed_groups: ['staff'], [keyOf(flag)]: text })
      const routes = yaml === undefined ? [] : parse(yaml).routes
      for (const route of routes) if (route.access !== undefined) t.fail(`${flag}: ${text}`)
    }
  }
  t.pass('none')
})

t.test('a value that looks like a variable stays what it is', async (t) => {
  const texts = [`$\{POSTERN_SESSION_KEY}`, `$$\{x}`, `$$$\{`, `$\{`, `a$\{b`]
  for (const client_id of texts)
    t.equal(loadPrinted(migrateOptions({ client_id })).provider?.client_id, client_id)
  const { routes } = loadPrinted(migrateOptions({ allowed_groups: texts }))
  t.strictSame(routes[0]?.claims, { groups: texts })
})

t.test('secrets are never printed, whatever is wrong with them', async (t) => {
  const secrets = Object.entries(options).filter(([, { secret }]) => secret)
  t.ok(secrets.length >= 8)
  for (const [flag] of secrets)
    for (const provider of ['oidc', 'google', 'github', 'login.gov']) {
      const yaml = migrateOptions({ provider, [keyOf(flag)]: 'hunter2' })
      t.notMatch(yaml, 'hunter2', `${flag} with ${provider}`)
    }
  for (const text of [
    'frob = "hunter2"',
    '"hunter2 hunter2" = 1',
    '[hunter2-is-a-very-long-name-that-is-no-option-at-all]',
  ])
    t.notMatch(migrateText(text), 'hunter2')
  for (const text of ['--frob hunter2 --client-secret hunter2 hunter2', '-hunter2!'])
    t.notMatch(migrateText(text, { format: 'flags' }), 'hunter2')
  t.notMatch(migrateText('OAUTH2_PROXY_CLIENT_SECRET=hunter2\nOTHER=hunter2'), 'hunter2')
})

t.test('any text is read or refused, and what is printed is YAML', async (t) => {
  const words = fc.constantFrom(
    '--upstream',
    '=',
    '"',
    "'",
    '[',
    ']',
    '\n',
    ' ',
    '- ',
    '#',
    'a',
    '\\',
    'OAUTH2_PROXY_',
    ',',
  )
  const text = fc.oneof(
    fc.string(),
    fc.array(words, { maxLength: 30 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(text, (written) => {
      try {
        if (shape(migrateText(written)).length > 0) throw new Error('another section')
      } catch (error) {
        if ((error as Error).name !== 'SyntaxProblem') throw error
      }
    }),
    { numRuns: 1_000 },
  )
  t.pass('1,000 texts')
})

t.test('what an ordinary value becomes is valid, or told by check with its place', async (t) => {
  const values = ['word', 'https://x.example']
  // What is in a file depends on the file.
  const { 'provider-ca-file': _, 'jwt-key-file': __, ...others } = options
  for (const [flag, { kind }] of Object.entries(others))
    for (const value of values) {
      const yaml = printedOrRefused({ [keyOf(flag)]: kind === 'list' ? [value] : value })
      if (yaml === undefined) continue
      try {
        loadPrinted(yaml)
      } catch (error) {
        t.fail(`${flag} ${value}: ${(error as ConfigError).message}`)
      }
    }
  t.pass('all are valid')
})

t.test('a note that is long is broken into lines, and a value in it cut', async (t) => {
  const written = readToml(`trusted_proxy_ips = ["x"]\nwhitelist_domains = ["${'a;'.repeat(500)}"]`)
  const yaml = writeYaml(translate(settingsOf([written])))
  const longest = Math.max(...yaml.split('\n').map((line) => line.length))
  t.ok(longest < 160, String(longest))
  t.match(yaml, /"(?:a;){60}\.\.\."/)
})
