import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runTests } from '../../src/cli/test.ts'
import { junitXml } from '../../src/rule-tests/junit.ts'
import { testKey } from '../config/support.ts'
import { problemsOf, runFile } from './support.ts'

const head = 'config: postern.yaml\ntests:\n'

t.test('the published example passes, and reaches every rule', async (t) => {
  const env = { POSTERN_CLIENT_SECRET: 'hush', POSTERN_SESSION_KEY: testKey }
  let text = ''
  const write = (line: string) => {
    text += line
  }
  const places = { env, write, clock: () => 1_800_000_000 }
  t.equal(await runTests('config/tests.yaml', { requireAllRules: true }, places), 0, text)
  t.match(text, /\n11 tests: 11 passed, 0 failed\nEvery rule is reached by some test\.\n$/)
})

t.test('tells what differs, and where the test stands', async (t) => {
  const { code, text } = await runFile(
    t,
    `${head}
  - name: all is well
    request: { url: https://app.example.com/x?y }
    user: { sub: alice, scopes: [a] }
    expect:
      decision: forward
      reason: authenticated
      rule: "routes[0]"
      upstream: web
      path: /x?y
      headers: { x-forwarded-user: alice }
      absent: [X-Forwarded-Email]
  - name: all is wrong
    request: { path: /x, headers: { X-A: b } }
    scopes: [a]
    expect:
      decision: forbid
      reason: missing-scope
      status: 403
      rule: "routes[1]"
      upstream: api
      path: /y
      headers: { X-A: c, X-B: d }
      absent: [Host, X-C]
  - name: nothing is asked for
    request: { path: /x }
    expect: { rule: none, upstream: web, status: 302 }
`,
    { overrides: { routes: 'routes: [{ path: /**, upstream: web, access: authenticated }]' } },
  )
  t.equal(code, 1)
  t.equal(
    text,
    `ok      all is well
FAILED  all is wrong (tests.yaml:15)
          decision: expected forbid, got forward
          reason: expected missing-scope, got authenticated
          status: expected 403, got nothing
          rule: expected routes[1], got routes[0] (/**, postern.yaml:6)
          upstream: expected api, got web
          path: expected /y, got /x
          header X-A: expected c, got b
          header X-B: expected d, got nothing
          header Host: expected nothing, got app.example.com
FAILED  nothing is asked for (tests.yaml:27)
          status: expected 302, got 401
          rule: expected none, got routes[0] (/**, postern.yaml:6)
          upstream: expected web, got nothing

3 tests: 1 passed, 2 failed
Every rule is reached by some test.
`,
  )
})

t.test('a rule that no test reaches is named, and can be a failure', async (t) => {
  const yaml = `${head}  - { name: one, request: { path: /a }, expect: { status: 404, rule: none } }\n`
  const overrides = {
    routes:
      'routes: [{ path: /b, upstream: web, access: public }, { path: /c, upstream: web, access: public }]',
  }
  const { code, text } = await runFile(t, yaml, { overrides })
  t.equal(code, 0)
  t.match(
    text,
    /\nNo test reaches 2 rules:\n {2}postern\.yaml:6 {2}routes\[0\] {2}\/b\n {2}postern\.yaml:6 {2}routes\[1\] {2}\/c\n$/,
  )
  t.match(text, '\n1 test: 1 passed, 0 failed\n')
  t.equal((await runFile(t, yaml, { overrides, options: { requireAllRules: true } })).code, 1)
  const wrong = yaml.replace('rule: none', 'rule: /b')
  t.match((await runFile(t, wrong, { overrides })).text, 'rule: expected /b, got none\n')
})

t.test('who is asking is a user, somebody with scopes, a token, or nobody', async (t) => {
  const bearer =
    'bearer: { issuers: [{ issuer: https://login.example.com, audience: https://api.example.com }] }'
  const { code, text } = await runFile(
    t,
    `${head}
  - { name: fresh, request: { path: /x }, scopes: [a], authenticated_ago: 2m, expect: { reason: scope-ok } }
  - { name: old, request: { path: /x }, user: { scopes: a }, authenticated_ago: 6m, expect: { reason: authentication-too-old } }
  - { name: token, request: { path: /x }, bearer: { scopes: [a] }, authenticated_ago: 1s, expect: { decision: forward } }
  - { name: nobody, request: { path: /x, method: POST, client: 10.0.0.1 }, expect: { decision: challenge, status: 401 } }
`.replace('reason: scope-ok', 'decision: forward'),
    { overrides: { bearer, routes: 'routes: [{ path: /**, upstream: web, scopes: [a], max_age: 5m }]' } },
  )
  t.equal(code, 0, text)
})

t.test('a check is compared with what the proxy is told', async (t) => {
  const { code, text } = await runFile(
    t,
    `${head}
  - name: told
    request: { path: /x, check: true }
    user: { sub: alice }
    expect: { status: 200, headers: { X-Auth-Request-User: alice }, absent: [X-Forwarded-User] }
`,
    { overrides: { forward_auth: 'forward_auth: { preset: traefik }' } },
  )
  t.equal(code, 0, text)
})

t.test('several lines of one name are compared as one', async (t) => {
  const { code, text } = await runFile(
    t,
    `${head}  - { name: two, request: { path: /x, headers: { X-Forwarded-User: root, X-A: "1", x-a: "2" } }, scopes: [a], expect: { headers: { X-A: "1, 2" } } }\n`,
  )
  t.equal(code, 0, text)
})

t.test(
  'the configuration is that of the command, of the file, of the environment, in this order',
  async (t) => {
    const yaml = `tests:\n  - { name: one, request: { path: /x }, expect: { status: 401 } }\n`
    const folder = t.testdir({ 'none.yaml': '' })
    await t.rejects(
      runFile(t, yaml, { env: { POSTERN_CONFIG: join(folder, 'no.yaml') } }),
      /no\.yaml:1:1 {2}cannot be read/,
    )
    await t.rejects(
      runFile(t, head + yaml.slice(7), { options: { config: 'not.yaml' } }),
      /^not\.yaml:1:1 {2}cannot/,
    )
    await t.rejects(runFile(t, yaml), /^config\/postern\.yaml:\d+:\d+ .*needs the environment variable/)
    t.equal((await runFile(t, head + yaml.slice(7), { env: { POSTERN_CONFIG: 'no.yaml' } })).code, 0)
  },
)

t.test('every problem of a file is told with its place', async (t) => {
  const yaml = `config: postern.yaml
test: []
tests:
  - name: one
    request: { url: https://app.example.com/, path: /x, host: a, methd: GET }
    user: {}
    bearer: {}
    expect: {}
  - request: { method: get, headers: { "a b": c, d: "e\\n" } }
    authenticated_ago: soon
    expect: { decision: allow, status: 99, path: x, absent: [] }
  - name: three
    request: { url: /x }
    authenticated_ago: 1m
    expect: { status: x }
  - name: four
    request: { url: "mailto:x" }
    expect: { status: 600 }
`
  t.strictSame(await problemsOf(t, yaml), [
    'tests.yaml:2:1  test  unknown key "test"; did you mean "tests"?',
    'tests.yaml:5:53  tests[0].request.path  stands beside "url"; keep only one of the two',
    'tests.yaml:5:63  tests[0].request.host  stands beside "url", which has one; take it out',
    'tests.yaml:5:66  tests[0].request.methd  unknown key "methd"; did you mean "method"?',
    'tests.yaml:7:13  tests[0].bearer  stands beside "user"; keep only one of the two',
    'tests.yaml:9:5  tests[1].name  is required; it must be a name for people',
    'tests.yaml:9:14  tests[1].request.url  is required; write it, or "path"',
    'tests.yaml:9:24  tests[1].request.method  must be a request method like GET, in upper case',
    'tests.yaml:9:40  tests[1].request.headers["a b"]  must be a header name',
    'tests.yaml:9:53  tests[1].request.headers.d  must be the value of a header, as text of one line',
    'tests.yaml:10:24  tests[1].authenticated_ago  must be a duration of whole seconds, like 30s, 5m or 12h',
    'tests.yaml:11:25  tests[1].expect.decision  must be forward, login, challenge, forbid, refuse or answer',
    'tests.yaml:11:40  tests[1].expect.status  must be a status like 403',
    'tests.yaml:11:50  tests[1].expect.path  must be the path that the upstream is asked for',
    'tests.yaml:11:61  tests[1].expect.absent  must have at least one item',
    'tests.yaml:13:21  tests[2].request.url  must be an http or https URL, to the letter',
    'tests.yaml:14:24  tests[2].authenticated_ago  is about somebody: write "user", "scopes" or "bearer" too',
    'tests.yaml:15:23  tests[2].expect.status  must be a status like 403',
    'tests.yaml:17:21  tests[3].request.url  must be an http or https URL, to the letter',
    'tests.yaml:18:23  tests[3].expect.status  must be a status like 403',
  ])
})

t.test('what a test asks of this configuration in vain is a problem of the test', async (t) => {
  const bearer =
    'bearer: { issuers: [{ issuer: https://login.example.com, audience: https://api.example.com }] }'
  const yaml = `${head}  - { name: one, request: { path: /x, check: true, headers: { Authorization: Bearer x } }, expect: { status: 200 } }\n`
  t.strictSame(await problemsOf(t, yaml, { bearer }), [
    'tests.yaml:3:46  tests[0].request.check  needs a "forward_auth" section in the configuration',
    'tests.yaml:3:61  tests[0].request.headers  have a token, which is not looked into; say what is in it with "bearer"',
  ])
  t.strictSame(await problemsOf(t, yaml.replace('check: true, ', '')), [], 'nobody looks at tokens there')
  const cookie = `${head}  - { name: one, request: { path: /x, headers: { Cookie: "__Host-postern=x" } }, expect: { status: 200 } }\n`
  t.match(await problemsOf(t, cookie), [
    /^tests\.yaml:3:48 {2}tests\[0\]\.request\.headers {2}have a session cookie/,
  ])
  const empty = `${head}  - { name: one, request: { path: /x }, expect: {} }\n`
  t.strictSame(await problemsOf(t, empty), ['tests.yaml:3:49  tests[0].expect  must name at least one thing'])
})

t.test('JUnit XML tells the same, whatever is in a name', async (t) => {
  const folder = t.testdir({})
  const junit = join(folder, 'out.xml')
  const yaml = `${head}  - { name: 'a < "b" & ü', request: { path: /x }, expect: { status: 401 } }
  - { name: wrong, request: { path: /x }, expect: { status: 200, decision: forward } }\n`
  const routes =
    'routes: [{ path: /x, upstream: web, access: authenticated }, { path: /y, upstream: web, access: public }]'
  const run = await runFile(t, yaml, { overrides: { routes }, options: { junit, requireAllRules: true } })
  t.equal(
    readFileSync(junit, 'utf8').replaceAll(`${run.folder}/`, ''),
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="2">
  <testsuite name="tests.yaml" tests="3" failures="2" errors="0" skipped="0">
    <testcase classname="tests.yaml" name="a &#60; &#34;b&#34; &#38; ü"/>
    <testcase classname="tests.yaml" name="wrong">
      <failure message="decision: expected forward, got challenge">tests.yaml:4
decision: expected forward, got challenge
status: expected 200, got 401</failure>
    </testcase>
    <testcase classname="postern.yaml" name="routes[1] /y">
      <failure message="no test reaches this rule">postern.yaml:6</failure>
    </testcase>
  </testsuite>
</testsuites>
`,
  )
  const at = { file: 'a', line: 1 }
  const xml = junitXml({ results: [{ name: '\x07\ud800', at, differences: [] }], unreached: [] }, 'a', false)
  t.match(xml, 'name="\ufffd\ufffd"')
})
