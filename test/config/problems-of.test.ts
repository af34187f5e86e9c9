import t from 'tap'
import { ConfigError, problemsOf } from '../../src/config/problem.ts'

t.test('tells the problems of a configuration, and keeps nothing else quiet', async (t) => {
  const problem = { file: 'postern.yaml', line: 1, column: 2, path: 'routes', message: 'must be a list' }
  t.strictSame(problemsOf(new ConfigError([problem])), [problem])
  t.throws(() => problemsOf(new TypeError('a mistake of ours')), TypeError)
})
