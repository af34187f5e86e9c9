import t from 'tap'
import { judgePath } from '../../src/core/judge-path.ts'
import { canonicalPath, type RequestPath } from '../../src/core/request-path.ts'
import { compileRules } from '../../src/core/rules.ts'
import { ruleOf } from './rule-of.ts'

const admin = ruleOf('/admin/**', { methods: ['GET'] })
const rest = ruleOf('/site/**', { access: 'public' })
const slashes = ruleOf('/files/**', { allow: ['encoded-slash', 'empty-segment'] })
const half = ruleOf('/files/half/**', { allow: ['encoded-slash'] })
const any = ruleOf('/*', { access: 'public' })
const table = compileRules([admin, rest, slashes, half, any])

function judged(target: string, method = 'GET') {
  return judgePath(canonicalPath(target) as RequestPath, (path) => table.match('localhost', path, method))
}

t.test('names the rule of the path as written, then those of its other readings', async (t) => {
  t.strictSame(judged('/site/x'), { rules: [rest] })
  t.strictSame(judged('/admin;x'), { rules: [any, admin] })
  t.strictSame(judged('/files/a%2Fb'), { rules: [slashes, slashes] })
})

t.test('refuses a path as soon as one reading has no rule, or none for the method', async (t) => {
  t.strictSame(judged('/nothing/x'), { rules: [], refusal: { kind: 'no-rule' } })
  t.strictSame(judged('/site;x/y'), { rules: [], refusal: { kind: 'no-rule' } })
  t.strictSame(judged('/admin;x', 'POST'), {
    rules: [any],
    refusal: { kind: 'wrong-method', allow: ['GET', 'HEAD'] },
  })
})

t.test('demands that the rule of every reading has opted in', async (t) => {
  t.strictSame(judged('/site//x'), { rules: [rest, rest], refusal: { kind: 'needs-opt-in' } })
  t.strictSame(judged('/files//half//x'), { rules: [slashes, half], refusal: { kind: 'needs-opt-in' } })
})
