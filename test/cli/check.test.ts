import t, { type Test } from 'tap'
import { runCheck } from '../../src/cli/check.ts'
import { writeConfig, yamlWith } from '../config/support.ts'

function check(t: Test, yaml: string) {
  const lines: string[] = []
  const file = writeConfig(t, yaml)
  const code = runCheck(file, { env: {}, write: (line) => lines.push(line) })
  return { code, lines: lines.map((line) => line.replaceAll(file, 'postern.yaml')) }
}

t.test('says that a good file is valid, and returns 0', async (t) => {
  t.strictSame(check(t, yamlWith({})), { code: 0, lines: ['postern.yaml is valid: 1 route, 1 upstream'] })
})

t.test('counts what there is, and repeats warnings', async (t) => {
  const { code, lines } = check(
    t,
    yamlWith({
      server: 'server: { public_url: http://app.example.com, dangerously_allow_http: true }',
      upstreams: 'upstreams: { web: { url: http://web }, api: { url: http://api } }',
    }),
  )
  t.equal(code, 0)
  t.match(lines, [
    /^warning: server\.dangerously_allow_http: /,
    'postern.yaml is valid: 1 route, 2 upstreams',
  ])
})

t.test('takes a file without a login', async (t) => {
  const bearer =
    'bearer: { issuers: [{ issuer: https://login.example.com, audience: https://api.example.com }] }'
  const { code, lines } = check(t, yamlWith({ provider: '', session: '', bearer }))
  t.strictSame([code, lines], [0, ['postern.yaml is valid: 1 route, 1 upstream']])
})

t.test('lists every problem of a bad file, and returns 78', async (t) => {
  const { code, lines } = check(t, yamlWith({ server: 'server: {}', routes: 'routes: []' }))
  t.equal(code, 78)
  t.strictSame(lines, [
    'postern.yaml:1:9  server.public_url  is required; it must be an origin like https://app.example.com, or a list of origins',
    'postern.yaml:6:9  routes  must be a list of at least one route',
  ])
})

t.test('does not hide a fault of the program itself', async (t) => {
  const checkRules = () => {
    throw new TypeError('a bug')
  }
  const file = writeConfig(t, yamlWith({}))
  t.throws(() => runCheck(file, { env: {}, write: () => undefined, checkRules }), { message: 'a bug' })
})
