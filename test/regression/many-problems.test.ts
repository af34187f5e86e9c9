import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { problemsOf } from '../../src/config/problem.ts'
import { ruleProblems } from '../../src/core/rules.ts'
import { yamlWith } from '../config/support.ts'

/** How many problems a file has; work that grew with the square of that would not end within the test. */
function problemCount(text: string): number {
  try {
    loadConfig('postern.yaml', { env: {}, readFile: () => text, checkRules: ruleProblems })
    return 0
  } catch (error) {
    return problemsOf(error).length
  }
}

/** Many times what it takes, and a fraction of what the square would take. */
const enough = { timeout: 60_000 }

const lines = (count: number, write: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => write(n))

t.test('a file with as many problems as lines is told of all of them', enough, async (t) => {
  const keys = lines(150_000, (n) => `k${n}: 1`).join('\n')
  t.equal(problemCount(`${yamlWith({})}\n${keys}`), 150_000, 'unknown keys')
})

t.test('a file whose every route is wrong is told of all of them', enough, async (t) => {
  const unset = lines(40_000, (n) => `  - "$\{U${n}}"`).join('\n')
  t.equal(problemCount(yamlWith({ routes: `routes:\n${unset}` })), 40_000, 'unset variables')
  const broken = lines(25_000, () => '  - { path: x }').join('\n')
  t.ok(problemCount(yamlWith({ routes: `routes:\n${broken}` })) >= 50_000, 'incomplete routes')
})
