import t, { type Test } from 'tap'
import { type CheckOptions, runCheck } from '../../src/cli/check.ts'
import { writeConfig, yamlWith } from '../config/support.ts'
import { env, goodYaml } from '../lint/support.ts'

function check(t: Test, yaml: string, options: Partial<CheckOptions> = {}) {
  const lines: string[] = []
  const file = writeConfig(t, yaml)
  const code = runCheck(file, { env, write: (line) => lines.push(line), ...options })
  return { code, lines: lines.map((line) => line.replaceAll(file, 'postern.yaml')) }
}

t.test('says that a good file is valid, and returns 0, strict or not', async (t) => {
  for (const strict of [false, true])
    t.strictSame(check(t, goodYaml(), { strict }), {
      code: 0,
      lines: ['postern.yaml is valid: 1 route, 1 upstream'],
    })
})

const old = { session: `session: { keys: ["$\{KEY}"], absolute_lifetime: 31d }` }
const oldLine =
  'postern.yaml:4:49  warning  session.absolute_lifetime  is longer than 30d, and as long may a copied cookie work; write 30d or less'
const exposed = {
  server: 'server: { public_url: http://app.example.com, dangerously_allow_http: true }',
  upstreams: 'upstreams: { web: { url: http://web }, api: { url: http://api } }',
}
const exposedLine =
  'postern.yaml:1:23  warning  server.public_url  is not encrypted (http://app.example.com): whoever is on the network can take over sessions; write https://, and take "dangerously_allow_http" out'

t.test(
  'tells warnings in the order of the file, those of every start among them, and counts what there is',
  async (t) => {
    t.strictSame(check(t, goodYaml({ ...exposed, ...old })), {
      code: 0,
      lines: [exposedLine, oldLine, 'postern.yaml is valid: 1 route, 2 upstreams, 2 warnings'],
    })
  },
)

t.test('when it is strict, one warning is enough to return 78', async (t) => {
  t.strictSame(check(t, goodYaml(old), { strict: true }), {
    code: 78,
    lines: [oldLine, 'postern.yaml has 1 warning, which --strict does not let pass'],
  })
})

t.test('as JSON, one object tells what was found and how bad it is', async (t) => {
  const json = (yaml: string, strict = false) => {
    const { code, lines } = check(t, yaml, { strict, format: 'json' })
    t.equal(lines.length, 1)
    return [code, JSON.parse(lines[0] as string)]
  }
  const warning = {
    severity: 'warning',
    line: 4,
    column: 49,
    path: 'session.absolute_lifetime',
    message: 'is longer than 30d, and as long may a copied cookie work; write 30d or less',
  }
  const error = {
    severity: 'error',
    line: 6,
    column: 9,
    path: 'routes',
    message: 'must be a list of at least one route',
  }
  const file = 'postern.yaml'
  t.strictSame(json(goodYaml()), [0, { file, valid: true, findings: [] }])
  t.strictSame(json(goodYaml(old)), [0, { file, valid: true, findings: [warning] }])
  t.strictSame(json(goodYaml(old), true), [78, { file, valid: false, findings: [warning] }])
  t.strictSame(json(goodYaml({ ...old, routes: 'routes: []' })), [
    78,
    { file, valid: false, findings: [error] },
  ])
})

t.test('judges the rules without being told to', async (t) => {
  const rule = '{ path: /x, upstream: web, access: public }'
  t.equal(check(t, goodYaml({ routes: `routes: [${rule}, ${rule}]` })).code, 78)
})

t.test('takes a file without a login', async (t) => {
  const bearer =
    'bearer: { issuers: [{ issuer: https://login.example.com, audience: https://api.example.com }] }'
  const { code, lines } = check(t, goodYaml({ provider: '', session: '', bearer }))
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
