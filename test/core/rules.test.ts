import fc from 'fast-check'
import t from 'tap'
import type { CanonicalPath } from '../../src/core/request-path.ts'
import { compileRules, type Rule, type RuleTable } from '../../src/core/rules.ts'
import { ruleOf } from './rule-of.ts'

/** The path of the rule that matched, or why none did. */
function found(table: RuleTable, path: string, method = 'GET', host = 'app.example.com'): string {
  const match = table.match(host, path as CanonicalPath, method)
  if (match.kind === 'rule') return match.rule.path
  return match.kind === 'no-rule' ? match.kind : `allow ${match.allow.join(' ')}`
}

/** The name of the rule that matched. */
function nameOf(table: RuleTable, host: string, path: string): string | undefined {
  const match = table.match(host, path as CanonicalPath, 'GET')
  return match.kind === 'rule' ? match.rule.name : undefined
}

const patterns: Record<string, { matches: string[]; not: string[] }> = {
  '/': { matches: ['/'], not: ['/a', '//'] },
  '/x': { matches: ['/x', '/x/', '/X'], not: ['/', '/xy', '/x/y', '/x//', '/x.'] },
  '/x/': { matches: ['/x', '/x/'], not: ['/', '/x/y'] },
  '/x/*': {
    matches: ['/x/y', '/x/y/', '/x/%2F', '/x/constructor'],
    not: ['/x', '/x/', '/x//', '/x//y', '/x/y/z'],
  },
  '/x/**': { matches: ['/x', '/x/', '/x/y/z/', '/x//y', '/x/*'], not: ['/', '/xfoo', '/y/x'] },
  '/*/x': { matches: ['/a/x', '/a/x/'], not: ['/x', '//x', '/a/b'] },
  '/**': { matches: ['/', '/x', '//', '/x/y/z', '/__proto__'], not: [] },
  '/a@b/$c': { matches: ['/a@b/$c'], not: ['/a%40b/$c'] },
}

for (const [pattern, { matches, not }] of Object.entries(patterns)) {
  t.test(`${pattern} matches what it says`, async (t) => {
    const table = compileRules([ruleOf(pattern)])
    for (const path of matches) t.equal(found(table, path), pattern, path)
    for (const path of not) t.equal(found(table, path), 'no-rule', path)
  })
}

t.test('no rules match nothing and know no host', async (t) => {
  const table = compileRules([])
  t.equal(found(table, '/'), 'no-rule')
  t.equal(table.knowsHost('app.example.com'), false)
})

t.test(
  'the most specific path wins, segment by segment, going back where a literal leads nowhere',
  async (t) => {
    const table = compileRules(
      ['/**', '/a/**', '/a/*', '/a/b', '/a/*/c', '/a/b/**', '/*/b/c/d', '/x/*/z'].map((path) => ruleOf(path)),
    )
    t.equal(found(table, '/q'), '/**')
    t.equal(found(table, '/a'), '/a/**')
    t.equal(found(table, '/a/q'), '/a/*')
    t.equal(found(table, '/a/b'), '/a/b')
    t.equal(found(table, '/a/b/c'), '/a/b/**')
    t.equal(found(table, '/a/q/c'), '/a/*/c')
    t.equal(found(table, '/a/q/d'), '/a/**')
    t.equal(found(table, '/q/b/c/d'), '/*/b/c/d')
    t.equal(found(table, '/x/y/q'), '/**')
  },
)

t.test('the path is chosen before the method, and never given up for a weaker one', async (t) => {
  const table = compileRules([
    ruleOf('/**'),
    ruleOf('/a', { methods: ['POST', 'GET'] }),
    ruleOf('/a', { methods: ['DELETE'] }),
    ruleOf('/b', { methods: ['GET'] }),
    ruleOf('/b'),
    ruleOf('/c', { host: 'app.example.com', methods: ['PUT'] }),
  ])
  t.equal(found(table, '/a', 'POST'), '/a')
  t.equal(found(table, '/a', 'PATCH'), 'allow DELETE GET HEAD POST')
  t.equal(found(table, '/a', 'get'), 'allow DELETE GET HEAD POST')
  t.equal(found(table, '/a', '__proto__'), 'allow DELETE GET HEAD POST')
  t.equal(found(table, '/b', 'PATCH'), '/b')
  t.equal(found(table, '/c', 'GET'), 'allow PUT')
  t.equal(found(table, '/c', 'GET', 'other.example.com'), '/**')
})

t.test('HEAD is judged as GET unless a rule names it', async (t) => {
  const get = ruleOf('/a', { methods: ['GET'] })
  const head = ruleOf('/a', { methods: ['HEAD'] })
  const all = ruleOf('/a')
  const judge = (...rules: Rule[]) => compileRules(rules).match('h', '/a' as CanonicalPath, 'HEAD')
  t.match(judge(get), { rule: get })
  t.match(judge(all, get), { rule: get })
  t.match(judge(get, all), { rule: get })
  t.match(judge(get, head), { rule: head })
  t.match(judge(head, get), { rule: head })
  t.match(judge(all), { rule: all })
})

t.test('a host comes before no host: with port, exact, then the longest wildcard', async (t) => {
  const hosts = [
    'a.example.com:8443',
    'a.example.com',
    '*.example.com:8443',
    '*.example.com',
    '*.com',
    '[::1]',
    'B.example.com',
  ]
  const table = compileRules([
    ruleOf('/**', { name: 'any' }),
    ruleOf('/deep/**', { name: 'deep' }),
    ...hosts.map((host) => ruleOf('/**', { host, name: host })),
    ruleOf('/only', { host: 'only.test', name: 'only' }),
  ])
  t.equal(nameOf(table, 'a.example.com:8443', '/deep/x'), 'a.example.com:8443')
  t.equal(nameOf(table, 'a.example.com:9', '/'), 'a.example.com')
  t.equal(nameOf(table, 'a.example.com', '/'), 'a.example.com')
  t.equal(nameOf(table, 'b.example.com', '/'), 'B.example.com')
  t.equal(nameOf(table, 'c.example.com:8443', '/'), '*.example.com:8443')
  t.equal(nameOf(table, 'c.d.example.com:8443', '/'), '*.example.com:8443')
  t.equal(nameOf(table, 'c.d.example.com', '/'), '*.example.com')
  t.equal(nameOf(table, 'evil-example.com', '/'), '*.com')
  t.equal(nameOf(table, 'example.com', '/'), '*.com')
  t.equal(nameOf(table, 'com', '/deep/x'), 'deep')
  t.equal(nameOf(table, '[::1]:8080', '/'), '[::1]')
  t.equal(nameOf(table, 'a.example.com.evil.test', '/'), 'any')
  t.equal(nameOf(table, 'only.test', '/only'), 'only')
  t.equal(nameOf(table, 'only.test', '/else'), 'any')
  t.same(
    ['only.test', 'only.test:81', 'q.com', 'q.test', 'only.test.evil'].map((host) => table.knowsHost(host)),
    [true, true, true, false, false],
  )
})

t.test('a case-sensitive rule refuses another case instead of leaving it to a weaker rule', async (t) => {
  const table = compileRules([
    ruleOf('/**'),
    ruleOf('/Admin/*/Users/**', { caseSensitive: true }),
    ruleOf('/*', { caseSensitive: true }),
  ])
  t.equal(found(table, '/Admin/X/Users/y'), '/Admin/*/Users/**')
  t.equal(found(table, '/Admin/x/Users'), '/Admin/*/Users/**')
  t.equal(found(table, '/admin/x/Users/y'), 'no-rule')
  t.equal(found(table, '/Admin/x/users/y'), 'no-rule')
  t.equal(found(table, '/AnyThing'), '/*')
})

t.test('a match hands out the same frozen object every time', async (t) => {
  const table = compileRules([ruleOf('/a', { methods: ['GET'] })])
  for (const [path, method] of [
    ['/a', 'GET'],
    ['/a', 'PUT'],
    ['/b', 'GET'],
  ] as [CanonicalPath, string][]) {
    const match = table.match('h', path, method)
    t.equal(match, table.match('h', path, method))
    t.ok(Object.isFrozen(match))
  }
})

t.test('throws every problem at once', async (t) => {
  const compile = () => compileRules([ruleOf('a'), ruleOf('/b', { host: '*' })])
  t.throws(compile, {
    message:
      'routes[0].path must start with /\nroutes[1].host leave host away for a rule that serves every host',
  })
})

const segment = fc.constantFrom('a', 'b', 'A', '*')
const pattern = fc
  .tuple(fc.array(segment, { maxLength: 4 }), fc.constantFrom('', '/', '/**'))
  .map(([segments, end]) => `/${segments.join('/')}${segments.length === 0 ? end.replace('/', '') : end}`)
const requested = fc
  .array(fc.constantFrom('a', 'b', 'c', 'B'), { maxLength: 5 })
  .map((segments) => `/${segments.join('/')}`)

/** The same by brute force: every pattern as a regular expression, the best by its segments' ranks. */
function slowMatch(paths: string[], path: string): string {
  const segmentsOf = (pattern: string) => pattern.split('/').filter(Boolean)
  const source = (pattern: string) =>
    segmentsOf(pattern)
      .map((word) => (word === '**' ? '(?:/.*)?' : `/${word.replace('*', '[^/]+')}`))
      .join('')
  const rank = (pattern: string) =>
    [...segmentsOf(pattern), '!']
      .map((word) => ['!', 'literal', '*', '**'].indexOf(/[*!]/.test(word) ? word : 'literal'))
      .join('')
  const matching = paths.filter((pattern) => new RegExp(`^${source(pattern)}/?$`, 'i').test(path))
  return matching.sort((a, b) => (rank(a) < rank(b) ? -1 : 1))[0] ?? 'no-rule'
}

t.test('the order of the rules does not matter, and the best of all patterns wins', async () => {
  const distinct = fc.uniqueArray(pattern, {
    selector: (path) => path.toLowerCase().replace(/\/$/, ''),
    maxLength: 12,
  })
  fc.assert(
    fc.property(
      distinct.chain((paths) =>
        fc.tuple(fc.constant(paths), fc.shuffledSubarray(paths, { minLength: paths.length })),
      ),
      requested,
      ([paths, shuffled], path) => {
        const inOrder = found(compileRules(paths.map((path) => ruleOf(path))), path)
        const inOther = found(compileRules(shuffled.map((path) => ruleOf(path))), path)
        const slowly = slowMatch(paths, path)
        if (inOrder !== inOther || inOrder !== slowly) throw new Error(`${inOrder} ${inOther} ${slowly}`)
      },
    ),
    { numRuns: 3000 },
  )
})

t.test('a match among ten thousand rules visits as few nodes as among ten', async (t) => {
  const rules = (count: number) =>
    Array.from({ length: count }, (_, index) => ruleOf(`/api/v${index}/*/items/**`))
  const lookups = (table: RuleTable, path: string) => {
    const get = Map.prototype.get
    let count = 0
    Map.prototype.get = function (key) {
      count++
      return get.call(this, key)
    }
    try {
      found(table, path)
    } finally {
      Map.prototype.get = get
    }
    return count
  }
  const [few, many] = [compileRules(rules(10)), compileRules(rules(10_000))]
  for (const path of ['/api/v7/x/items/1/2/3', '/api/v7/x/else', '/none', '/api/v7777777/x']) {
    t.equal(lookups(many, path), lookups(few, path), path)
    t.ok(lookups(many, path) <= 6)
  }
})

t.test('tells all rules of a path, whatever the method', async (t) => {
  const table = compileRules([
    ruleOf('/a/**', { methods: ['GET'] }),
    ruleOf('/a/**', { methods: ['POST', 'PUT'] }),
    ruleOf('/a/b'),
  ])
  const names = (path: string) =>
    table.rulesAt('any', path as CanonicalPath).map((rule) => rule.methods?.join() ?? 'all')
  t.strictSame(names('/a/x'), ['GET', 'POST,PUT'])
  t.strictSame(names('/A/b'), ['all'])
  t.strictSame(names('/c'), [])
})

t.test('tells no rule of a path that one of its rules has in another case only', async (t) => {
  const table = compileRules([
    ruleOf('/**'),
    ruleOf('/Admin/**', { methods: ['GET'] }),
    ruleOf('/Admin/**', { methods: ['POST'], caseSensitive: true }),
    ruleOf('/b', { host: 'app.example.com' }),
    ruleOf('/b', { methods: ['GET'] }),
    ruleOf('/b', { methods: ['HEAD', 'PUT'] }),
  ])
  const rulesAt = (path: string, host = 'any') =>
    table.rulesAt(host, path as CanonicalPath).map((rule) => rule.methods?.join() ?? rule.path)
  t.strictSame(rulesAt('/Admin/x'), ['GET', 'POST'])
  t.strictSame(rulesAt('/admin/x'), [], 'and leaves none to a weaker one')
  t.strictSame(rulesAt('/ADMIN'), [])
  t.strictSame(rulesAt('/b'), ['GET', 'HEAD,PUT'], 'each once, whatever it stands for')
  t.strictSame(rulesAt('/b', 'app.example.com'), ['/b'], 'a host goes first')
  t.strictSame(rulesAt('/x', 'app.example.com'), ['/**'])
})
