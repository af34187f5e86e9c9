import t from 'tap'
import { ruleProblems } from '../../src/core/rules.ts'
import { ruleOf } from './rule-of.ts'

const badPatterns: Record<string, RegExp> = {
  '': /start with/,
  'a/b': /start with/,
  '*': /start with/,
  '/a//b': /empty segments/,
  '/a*': /whole segment/,
  '/***': /whole segment/,
  '/**/a': /last segment/,
  '/a/**/': /leave the last/,
  '/a%20b': /percent-escapes/,
  '/a?b=c': /query/,
  '/a#b': /fragment/,
  '/a;b': /parameters/,
  '/./a': /dot/,
  '/..': /dot/,
  '/a.': /dot/,
  '/users/:id': /\* for one segment/,
  '/{id}': /plain path/,
  '/^api': /plain path/,
  '/café': /plain path/,
  '/a b': /plain path/,
  '/a\\b': /plain path/,
}

t.test('says what is wrong with a pattern, and what to write', async (t) => {
  for (const [path, message] of Object.entries(badPatterns)) {
    t.match(ruleProblems([ruleOf(path)]), [{ rule: 0, key: 'path', message }], path)
  }
})

t.test('has nothing against good rules', async (t) => {
  const paths = ['/', '/**', '/*', '/a/*/b/**', '/a.b/c_d~e', '/A/', '/.well-known/**', "/!$&'()+,=@:"]
  t.strictSame(ruleProblems(paths.map((path) => ruleOf(path))), [])
  const hosts = ['a.example.com', '*.example.com', '*.example.com:8443', 'localhost:3000', '[::1]']
  t.strictSame(ruleProblems(hosts.map((host) => ruleOf('/', { host }))), [])
  t.strictSame(ruleProblems([ruleOf('/', { methods: ['GET', 'M-SEARCH'] }), ruleOf('/')]), [])
})

t.test('says what is wrong with a host', async (t) => {
  for (const host of [
    '*',
    '',
    'a b',
    '*.',
    'a.*.com',
    '*.*.com',
    '*a.com',
    'http://a.com',
    'a.com/',
    'a:443',
    '*.a:80',
  ]) {
    t.match(ruleProblems([ruleOf('/', { host })]), [{ rule: 0, key: 'host', message: /./ }], host)
  }
})

t.test('says what is wrong with methods', async (t) => {
  for (const methods of [[], ['get'], ['GET', 'post'], ['GET POST'], [''], ['GET', 'GET']]) {
    t.match(ruleProblems([ruleOf('/', { methods })]), [{ rule: 0, key: 'methods', message: /./ }])
  }
})

t.test('finds rules of equal rank, whatever their case and trailing slash', async (t) => {
  const name = 'routes[0]'
  t.strictSame(ruleProblems([ruleOf('/a', { name }), ruleOf('/A/')]), [
    { rule: 1, key: 'path', message: 'is the same as routes[0], for the same methods' },
  ])
  t.match(
    ruleProblems([ruleOf('/a', { name, methods: ['GET', 'PUT'] }), ruleOf('/A/', { methods: ['PUT'] })]),
    [{ rule: 1, key: 'methods', message: 'PUT is already taken for this path by routes[0]' }],
  )
  t.match(ruleProblems([ruleOf('/a', { host: 'x.test' }), ruleOf('/a', { host: 'X.test' })]), [{ rule: 1 }])
  t.strictSame(
    ruleProblems([ruleOf('/a', { host: 'x.test' }), ruleOf('/a', { host: 'x.test:81' }), ruleOf('/a')]),
    [],
  )
})

t.test('reports all problems in the order of the rules', async (t) => {
  const problems = ruleProblems([
    ruleOf('/a'),
    ruleOf('b', { host: '*', methods: [] }),
    ruleOf('/a'),
    ruleOf('/**/c'),
  ])
  t.same(
    problems.map(({ rule, key }) => `${rule} ${key}`),
    ['1 path', '1 host', '1 methods', '2 path', '3 path'],
  )
})
