import t from 'tap'
import { problemLines, testKey, yamlWith } from './support.ts'

const good = yamlWith({})

/** What is wrong with the text, the text, and the lines that say so. */
const faults: [string, string, string[]][] = [
  ['an empty file', '', ['postern.yaml:1:1  is empty; it must be a map']],
  ['a file that is a list', '- 1', ['postern.yaml:1:1  must be a map']],
  [
    'a missing bracket',
    'server: { listen: x\nadmin: {}',
    ['postern.yaml:2:1  the indentation does not fit the lines above, or a closing ] or } is missing'],
  ],
  ['a tab', 'server:\n\tlisten: x', ['postern.yaml:2:1  tabs cannot indent YAML; use spaces']],
  [
    'two colons on a line',
    'provider:\n  client_secret: s3cret: x',
    ['postern.yaml:2:18  a second "key: value" on one line; put the value in quotes or on lines of its own'],
  ],
  [
    'an unknown tag',
    'provider: { client_secret: !s3cret x }',
    ['postern.yaml:1:28  tags (!name) are not supported; take the tag out, or put the value in quotes'],
  ],
  [
    'a second document',
    `${good}\n---\nserver: {}`,
    ['postern.yaml:8:1  only one YAML document is read; take out the --- line and what follows'],
  ],
  [
    'a key that is a map',
    '? { a: 1 }\n: 2',
    ['postern.yaml:1:3  a key must be plain text; if this is a value, put it in quotes'],
  ],
  ['a NUL', 'server: "a\0b"', ['postern.yaml:1:11  control characters are not allowed']],
  [
    'flow lists nested 6,000 deep',
    '['.repeat(6000),
    ['postern.yaml:1:65  lists and maps are nested too deeply'],
  ],
  [
    'block lists nested 6,000 deep',
    `${'- '.repeat(6000)}x`,
    ['postern.yaml:1:128  lists and maps are nested too deeply'],
  ],
  [
    'a file of more than 1 MiB',
    '#'.repeat(1024 * 1024 + 1),
    ['postern.yaml:1:1  cannot be read: the file is larger than 1 MiB'],
  ],
]

for (const [name, text, lines] of faults) {
  t.test(`tells of ${name}`, async (t) => t.strictSame(problemLines(t, text), lines))
}

/** What is wrong with the last line, that line, and the lines that say so. */
const lastLines: [string, string, string[]][] = [
  [
    'a section written twice',
    'admin: {}',
    ['postern.yaml:8:1  admin  this key is written twice in one map; keep one of them'],
  ],
  [
    'a merge key',
    '<<: { admin: {} }',
    [
      'postern.yaml:8:1  ["<<"]  merge keys are not supported; write the keys out, or use an alias for the whole map',
    ],
  ],
  [
    'a prototype as key',
    '__proto__: { x: 1 }',
    ['postern.yaml:8:1  __proto__  this name cannot be used as a key'],
  ],
  [
    'an inherited name as key',
    'constructor: 1',
    ['postern.yaml:8:1  constructor  unknown key "constructor"'],
  ],
  ['a key without a value', '? x', ['postern.yaml:8:3  x  unknown key "x"']],
  [
    'an alias without an anchor',
    'x: *s3cret',
    ['postern.yaml:8:4  x  no anchor of this name stands above; if this is text, put it in quotes'],
  ],
]

for (const [name, line, lines] of lastLines) {
  t.test(`tells of ${name}`, async (t) => t.strictSame(problemLines(t, `${good}\n${line}`), lines))
}

t.test('stops an alias bomb', async (t) => {
  const levels = Array.from(
    { length: 9 },
    (_, n) => `a${n + 1}: &a${n + 1} [${Array(9).fill(`*a${n}`).join(', ')}]`,
  )
  const lines = problemLines(t, ['a0: &a0 [x]', ...levels, good].join('\n'))
  t.ok(lines.some((line) => line.endsWith('aliases repeat too much here; write the values out')))
})

t.test('stops an alias that contains itself, at once or deep inside', async (t) => {
  for (const depth of [1, 60]) {
    const lines = problemLines(t, `${good}\nx: &x ${'['.repeat(depth)}*x${']'.repeat(depth)}`)
    t.match(lines.at(-1), /aliases repeat too much here; write the values out$/)
  }
})

t.test('stops aliases of a long list', async (t) => {
  const lines = problemLines(t, `x: &x [${'1,'.repeat(60_000)}]\ny: *x\nz: *x\n${good}`)
  t.match(lines, [/x {2}unknown key "x"/, /y {2}unknown key "y"/, /z {2}aliases repeat too much here/])
})

t.test('takes aliases, a byte order mark and Windows line ends', async (t) => {
  const yaml = yamlWith({
    upstreams:
      'upstreams: { web: { url: https://web:3443, timeouts: &t { connect: 1s } }, api: { url: http://api, timeouts: *t } }',
  })
  t.strictSame(problemLines(t, `\ufeff${yaml.replaceAll('\n', '\r\n')}`), [])
})

t.test('places a problem inside of an aliased value where it is written', async (t) => {
  const yaml = yamlWith({
    upstreams:
      'upstreams: { web: { url: https://web:3443, timeouts: &t { connect: 1 } }, api: { url: http://api, timeouts: *t } }',
  })
  const message = 'must be a duration with a unit, like 500ms, 30s or 5m; from 1ms to 24d'
  t.strictSame(problemLines(t, yaml), [
    `postern.yaml:5:68  upstreams.web.timeouts.connect  ${message}`,
    `postern.yaml:5:68  upstreams.api.timeouts.connect  ${message}`,
  ])
})

t.test('refuses a file that is not UTF-8', async (t) => {
  const lines = problemLines(t, Buffer.from([0xff, 0xfe, 0x00]))
  t.strictSame(lines, ['postern.yaml:1:1  cannot be read: the file is not UTF-8 text'])
})

t.test('never prints a secret, not even a bad one', async (t) => {
  const secret = 's3cret-value'
  const yaml = yamlWith({
    provider: `provider: { issuer: ${secret}, client_id: [${secret}], client_secret: "${secret}\\n", scopes: ["${secret} "] }`,
    session: `session: { keys: [${testKey}${secret}], cookie: { domain: ${secret} } }`,
    routes: `routes: [{ path: x, upstream: "$\{SECRET}", access: "$\{SECRET}" }]`,
  })
  const lines = problemLines(t, yaml, { env: { SECRET: secret } })
  t.equal(lines.length, 9)
  t.notMatch(lines.join('\n'), new RegExp(`${secret}|${testKey.slice(0, 40)}`))
})
