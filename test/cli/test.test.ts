import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { yamlWith } from '../config/support.ts'
import { runPostern } from './postern.ts'

const tests = 'tests:\n  - { name: one, request: { path: /x }, expect: { status: 401 } }\n'

t.test('the command runs tests, with the exit codes that it says', async (t) => {
  const folder = t.testdir({
    'postern.yaml': yamlWith({
      routes:
        'routes: [{ path: /**, upstream: web, access: authenticated }, { path: /y, upstream: web, access: public }]',
    }),
    'good.yaml': tests,
    'wrong.yaml': tests.replace('401', '200'),
    'bad.yaml': tests.replace('status', 'statuz'),
  })
  const config = join(folder, 'postern.yaml')
  const junit = join(folder, 'out.xml')
  const run = (file: string, ...args: string[]) =>
    runPostern(t, ['test', join(folder, file), '--config', config, ...args])
  const [good, whole, wrong, bad, named] = await Promise.all([
    run('good.yaml', '--junit', junit),
    run('good.yaml', '--require-all-rules'),
    run('wrong.yaml'),
    run('bad.yaml'),
    runPostern(t, ['test', join(folder, 'good.yaml')], { env: { POSTERN_CONFIG: config } }),
  ])
  t.match(good, {
    code: 0,
    stderr: '',
    stdout: /^ok {6}one\n\n1 test: 1 passed, 0 failed\nNo test reaches 1 rule:\n/,
  })
  t.ok(existsSync(junit))
  t.match(whole, { code: 1, stderr: '' })
  t.match(wrong, { code: 1, stderr: '', stdout: /status: expected 200, got 401\n/ })
  t.match(bad, {
    code: 78,
    stdout: '',
    stderr: /bad\.yaml:2:51 {2}tests\[0\]\.expect\.statuz {2}unknown key "statuz"; did you mean "status"\?\n/,
  })
  t.match(named, { code: 0, stderr: '' })
})
