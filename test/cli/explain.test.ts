import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { type ExplainOptions, runExplain } from '../../src/cli/explain.ts'
import { UsageError } from '../../src/cli/usage-error.ts'
import { loadSource } from '../../src/config/load.ts'
import { ruleProblems } from '../../src/core/rules.ts'
import { type Overrides, testKey, writeConfig, yamlWith } from '../config/support.ts'
import { runPostern } from './postern.ts'

const now = 1_800_000_000
const bearer =
  'bearer: { issuers: [{ issuer: https://login.example.com, audience: https://api.example.com }] }'

type Given = Readonly<{
  request?: readonly [string, string]
  options?: Partial<ExplainOptions>
  overrides?: Overrides
  files?: Readonly<Record<string, string>>
}>

async function explain(t: Test, given: Given) {
  const { request = ['GET', '/x'], options = {}, overrides = {}, files = {} } = given
  let written = ''
  const located = loadSource(writeConfig(t, yamlWith(overrides)), {
    env: {},
    checkRules: ruleProblems,
  })
  const code = await runExplain(
    located,
    request,
    { header: [], client: '127.0.0.1', ...options },
    {
      write: (text) => {
        written += text
      },
      read: (file) => {
        const text = files[file]
        if (text === undefined) throw new Error('no such file or directory')
        return text
      },
      clock: () => now,
    },
  )
  return { code, written }
}

t.test('the exit code tells whether the request may pass', async (t) => {
  const options = { scopes: 'a b' }
  t.match(await explain(t, { options }), { code: 0, written: /session of somebody\n {11}scopes {2}a, b\n/ })
  t.match(await explain(t, {}), { code: 3, written: /challenge, because no-session: 401/ })
})

t.test('claims come from a file or from standard input, scopes beside them go first', async (t) => {
  const files = {
    'al.json': '{ "sub": "alice", "scopes": ["a"], "groups": ["staff"] }',
    '-': '{ "sub": "bob" }',
  }
  const alice = await explain(t, { options: { as: 'al.json', scopes: 'c', json: true }, files })
  t.match(JSON.parse(alice.written), {
    allowed: true,
    decision: 'forward',
    caller: { kind: 'session', sub: 'alice', scopes: ['c'], claims: { groups: ['staff'] } },
    upstream: { name: 'web', address: 'https://web:3443', path: '/x' },
  })
  t.match((await explain(t, { options: { as: '-' }, files })).written, /session of bob/)
  const api = await explain(t, { options: { as: 'al.json', bearer: true }, files, overrides: { bearer } })
  t.match(api.written, /bearer of alice/)
})

t.test('the JSON has these members, and no others', async (t) => {
  const { written } = await explain(t, { options: { json: true, scopes: 'a' }, request: ['GET', '/x;y?z'] })
  const names = (value: object) => Object.keys(value).sort().join(' ')
  const document = JSON.parse(written)
  t.equal(
    names(document),
    'allowed answer_headers caller decision host path reason request rule rules upstream',
  )
  t.equal(names(document.request), 'host method page_view target via websocket')
  t.equal(names(document.path), 'canonical needs path query readings')
  t.equal(names(document.host), 'name origin served')
  t.equal(names(document.caller), 'claims kind passed_over scopes sub')
  t.equal(names(document.rules[0]), 'conditions decides file line name path readings upstream')
  t.equal(names(document.rules[0].conditions[0]), 'met name seen wanted')
  t.equal(names(document.upstream), 'address headers name path')
})

t.test('a Cookie header is read with or without its name', async (t) => {
  for (const text of ['Cookie: __Host-postern=0.1.x\r\n', '  __Host-postern=0.1.x\n']) {
    const { written } = await explain(t, { options: { cookie: '-' }, files: { '-': text } })
    t.match(written, /Cookie {5}not opened/)
  }
})

t.test('header lines and the address of the client are those of the request', async (t) => {
  const options = { header: ['Accept: text/html', 'x-a:b'], client: '203.0.113.9', scopes: 'a' }
  const { written } = await explain(t, { options })
  t.match(written, /page view/)
  t.match(written, /x-a: b\n/)
  t.match(written, /X-Real-IP: 203\.0\.113\.9\n/)
})

t.test('what makes no sense is refused with a sentence that says what to write', async (t) => {
  const files = {
    list: '[1]',
    text: 'secret',
    '-': 'a=\x00',
    deep: `${'{"a":'.repeat(30)}1${'}'.repeat(30)}`,
  }
  const rows: [given: Given, message: RegExp][] = [
    [{ request: ['get', '/x'] }, /^"get" is no request method like GET$/],
    [{ request: ['CONNECT', '/x'] }, /is no request method/],
    [{ request: ['GET', 'x'] }, /^"x" is no http or https URL, and no path$/],
    [{ options: { header: ['Accept'] } }, /^"Accept" is no header line like/],
    [{ options: { header: ['a b: c'] } }, /is no header line/],
    [{ options: { header: ['a: b\nc: d'] } }, /is no header line/],
    [{ options: { bearer: true } }, /^--bearer needs --as or --scopes/],
    [{ options: { as: 'none' } }, /^none cannot be read: no such file or directory$/],
    [{ options: { as: 'list' } }, /^list holds no JSON object$/],
    [{ options: { as: 'text' } }, /^text holds no JSON object$/],
    [{ options: { as: 'deep' } }, /^the claims are nested too deeply$/],
    [{ options: { cookie: 'a=b' } }, /^--cookie takes -/],
    [{ options: { cookie: '-', scopes: 'a' } }, /^--cookie says who it is/],
    [{ options: { cookie: '-' } }, /is no header line/],
    [
      { options: { cookie: '-' }, overrides: { provider: '', session: '', bearer } },
      /^--cookie needs a "provider"/,
    ],
    [{ options: { header: ['cookie: a=b; __Host-postern=x'] } }, /^a session cookie is not opened there; /],
    [{ options: { check: true } }, /^--check needs a "forward_auth" section/],
    [
      { options: { header: ['Authorization: Bearer x'] }, overrides: { bearer } },
      /^a token is not looked into/,
    ],
  ]
  for (const [given, message] of rows) {
    const error = await explain(t, { files, ...given }).catch((thrown: unknown) => thrown)
    t.type(error, UsageError)
    t.match((error as Error).message, message)
  }
  const odd = Object.assign({}, { options: { scopes: 'a' }, overrides: { bearer } })
  t.match(await explain(t, { ...odd, options: { ...odd.options, bearer: true } }), { code: 0 })
})

t.test('a check is explained as such', async (t) => {
  const forward_auth = 'forward_auth: { preset: traefik }'
  const server = 'server: { public_url: https://app.example.com, trusted_proxies: [10.0.0.0/8] }'
  const { written } = await explain(t, {
    options: { check: true, scopes: 'a' },
    overrides: { forward_auth, server },
  })
  t.match(written, /, asked about by a proxy\n/)
})

t.test('a fault of the program itself is not hidden', async (t) => {
  const located = loadSource(writeConfig(t, yamlWith({})), { env: {} })
  const clock = () => {
    throw new TypeError('a bug')
  }
  const places = { write: () => {}, read: () => '', clock }
  const options = { header: [], client: '', scopes: 'a' }
  await t.rejects(runExplain(located, ['GET', '/'], options, places), { message: 'a bug' })
})

t.test('the command explains, and complains about its usage and about the configuration', async (t) => {
  const yaml = yamlWith({ session: `session: { keys: ["$\{KEY}"] }` })
  const config = writeConfig(t, yaml, { 'al.json': '{}' })
  const run = (args: readonly string[], env: NodeJS.ProcessEnv = { KEY: testKey }) =>
    runPostern(t, ['explain', '--config', config, ...args], { env })
  const lines = ['--header', 'Accept: text/html', '--header', 'X-A: b']
  const [good, denied, wrong, bad, cookie] = await Promise.all([
    run(['GET', 'https://app.example.com/x', '--as', join(dirname(config), 'al.json'), ...lines]),
    run(['POST', '/x', '--json']),
    run(['GET', 'x']),
    run(['GET', '/x'], {}),
    run(['GET', '/x', '--cookie', '-']),
  ])
  t.match(good, { code: 0, stderr: '' })
  t.match(good.stdout, /page view[\s\S]*X-A: b\n/)
  t.match(denied, { code: 3, stderr: '' })
  t.equal(JSON.parse(denied.stdout).decision, 'challenge')
  t.match(wrong, { code: 1, stdout: '', stderr: /^error: "x" is no .*\n\(postern --help tells more\)\n$/ })
  t.match(bad, { code: 78, stdout: '', stderr: /session\.keys\[0\] {2}needs the environment variable KEY/ })
  t.match(cookie, { code: 3, stdout: /Cookie {5}holds no cookie of this gateway/ })
})
