import { open } from 'node:fs/promises'
import t from 'tap'
import { complaintOf, exitCodeOf } from '../../src/cli/complaint.ts'
import { UsageError } from '../../src/cli/usage-error.ts'
import { ConfigError } from '../../src/config/problem.ts'
import { DemoError } from '../../src/demo/demo-error.ts'

t.test('a configuration error is its problems, and 78', async (t) => {
  const problem = { file: 'f.yaml', line: 2, column: 3, path: 'routes', message: 'is required' }
  const error = new ConfigError([problem, { ...problem, line: 4 }])
  t.equal(complaintOf(error), 'f.yaml:2:3  routes  is required\nf.yaml:4:3  routes  is required')
  t.equal(exitCodeOf(error), 78)
})

t.test('wrong usage is one sentence with a hint, and 1', async (t) => {
  const error = new UsageError('give more')
  t.equal(complaintOf(error), 'error: give more\n(postern --help tells more)')
  t.equal(exitCodeOf(error), 1)
})

t.test('what the operating system refuses is one line, and 1', async (t) => {
  const error = await open(`${t.testdir()}/none`).catch((reason: unknown) => reason)
  t.match(complaintOf(error), /^postern: ENOENT: [^\n]*none'$/)
  t.equal(exitCodeOf(error), 1)
  const taken = Object.assign(new Error('listen: in use'), { syscall: 'listen', code: 'EADDRINUSE' })
  t.equal(complaintOf(taken), 'postern: listen: in use (is it running already?)')
})

t.test('what keeps the demo from running is one line', async (t) => {
  t.equal(complaintOf(new DemoError('not here')), 'postern: not here')
})

t.test('what nobody foresaw comes with its stack, whatever was thrown', async (t) => {
  const error = new TypeError('a bug')
  t.match(complaintOf(error), /^postern: TypeError: a bug\n {4}at /)
  t.equal(exitCodeOf(error), 1)
})
