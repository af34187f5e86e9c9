import fc from 'fast-check'
import t from 'tap'
import { judgeAnyMethod, judgePath } from '../../src/core/judge-path.ts'
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

const read = ruleOf('/orders/**', { methods: ['GET'] })
const write = ruleOf('/orders/**', { methods: ['POST', 'PUT'], scopes: ['orders:write'] })
const others = ruleOf('/orders/**', { scopes: ['admin'] })
const exact = ruleOf('/orders/Case', { caseSensitive: true })
const byMethod = compileRules([admin, rest, slashes, half, any, read, write, others, exact])

function judgedByAll(target: string) {
  const path = canonicalPath(target) as RequestPath
  return judgeAnyMethod(path, (reading) => byMethod.rulesAt('localhost', reading))
}

t.test('of an unknown method every rule of the path counts, in every reading', async (t) => {
  t.strictSame(judgedByAll('/site/x'), { rules: [rest] })
  t.strictSame(judgedByAll('/orders/1'), { rules: [read, write, others] })
  t.strictSame(judgedByAll('/admin;x'), { rules: [any, admin] })
  t.strictSame(judgedByAll('/orders;v=1'), { rules: [any, read, write, others] })
})

t.test('of an unknown method no reading may be without a rule, nor without an opt-in', async (t) => {
  t.strictSame(judgedByAll('/nothing/x'), { rules: [], refusal: { kind: 'no-rule' } })
  t.strictSame(judgedByAll('/site;x/y'), { rules: [rest], refusal: { kind: 'no-rule' } })
  t.strictSame(judgedByAll('/orders/case'), { rules: [], refusal: { kind: 'no-rule' } })
  t.strictSame(judgedByAll('/orders//1'), {
    rules: [read, write, others, read, write, others],
    refusal: { kind: 'needs-opt-in' },
  })
  t.strictSame(judgedByAll('/files/a%2Fb'), { rules: [slashes, slashes] })
})

t.test('an unknown method is never judged more mildly than any that it could be', async () => {
  const segments = fc.array(
    fc.constantFrom('orders', 'Case', 'case', 'admin', 'site', 'files', 'half', '', 'a%2Fb', 'x;y'),
  )
  fc.assert(
    fc.property(segments, fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE'), (words, method) => {
      const path = canonicalPath(`/${words.join('/')}`)
      if (path === undefined) return
      const all = judgeAnyMethod(path, (reading) => byMethod.rulesAt('localhost', reading))
      const one = judgePath(path, (reading) => byMethod.match('localhost', reading, method))
      if (all.refusal !== undefined) return
      const missed = one.rules.filter((rule) => !all.rules.includes(rule))
      if (missed.length > 0) throw new Error(`not held against it: ${missed.map(({ name }) => name)}`)
      if (one.refusal !== undefined && one.refusal.kind !== 'wrong-method') throw new Error(one.refusal.kind)
    }),
    { numRuns: 5_000 },
  )
})
