import fc from 'fast-check'
import t from 'tap'
import { canonicalPath } from '../../src/core/request-path.ts'
import { compileRules, type Rule } from '../../src/core/rules.ts'
import { type PathPatterns, pathsOfRegex } from '../../src/migrate/path-regex.ts'
import { ruleOf } from '../core/rule-of.ts'
import { loadPrinted, migrateOptions } from './support.ts'

t.test('simple anchored expressions become patterns', async (t) => {
  const expressions: [string, string, Partial<PathPatterns>?][] = [
    ['^/healthz$', '/healthz', { alsoCovered: ['/healthz/'] }],
    ['^/healthz/?$', '/healthz'],
    ['^/healthz/$', '/healthz', { alsoCovered: ['/healthz'] }],
    ['^/$', '/'],
    ['^/', '/**'],
    ['/', '/**'],
    ['.*', '/**'],
    ['^/.*$', '/**'],
    ['^/metrics', '/metrics/**', { isNarrower: true }],
    ['^/metrics.*$', '/metrics/**', { isNarrower: true }],
    ['^/metrics/?.*', '/metrics/**', { isNarrower: true }],
    ['^/metrics/?', '/metrics/**', { isNarrower: true }],
    ['^/metrics(/.*)?$', '/metrics/**'],
    ['^/metrics(?:/|$)', '/metrics/**'],
    ['^/metrics($|/)', '/metrics/**'],
    ['^/static/', '/static/*/**', { isNarrower: true }],
    ['^/static/.*', '/static/*/**', { isNarrower: true }],
    ['^/static/.+$', '/static/*/**', { isNarrower: true }],
    ['^/.+', '/*/**', { isNarrower: true }],
    ['^/robots\\.txt/?$', '/robots.txt'],
    ['^/robots.txt/?$', '/robots.txt', { isNarrower: true }],
    ['^\\/api\\/v1/?$', '/api/v1'],
    ['^/users/[^/]+/avatar/?$', '/users/*/avatar'],
    ['^/users/[^/]*/avatar/?$', '/users/*/avatar', { isNarrower: true }],
    ['^/users/.*/avatar/?$', '/users/*/avatar', { isNarrower: true }],
    ['^/(css|js)/?$', '/css /js'],
    ['^(/a|/b/c)/?$', '/a /b/c'],
    ['^/a/?$|^/b/?$', '/a /b'],
    ['^/(a|b)/(c|d)/?$', '/a/c /a/d /b/c /b/d'],
    ['^/(a|a)/?$', '/a'],
    ['^/(a(b|c))/?$', '/ab /ac'],
  ]
  for (const [regex, paths, more] of expressions)
    t.strictSame(
      pathsOfRegex(regex),
      { paths: paths.split(' '), isNarrower: false, alsoCovered: [], ...more },
      regex,
    )
})

t.test('everything else does not', async (t) => {
  const expressions = [
    ...[
      '',
      'healthz',
      '/healthz',
      'healthz$',
      '\\.css$',
      '^healthz',
      '^$',
      '(?i)^/x',
      '^/[a-z]+',
      '^/x+',
      '^/x*$',
    ],
    ...[
      '^/x?',
      '^/a|b$',
      '^/(a|b)?$',
      '^/(a|b)+/c',
      '^/\\d+',
      '^/x{2}',
      '^/x\\',
      '^/a.b.*c',
      '^/%41$',
      '^//x',
      '^/a//b',
    ],
    ...[
      '^/a b',
      '^/\u00e9',
      '^/x.$',
      '^/..',
      '^/x;y',
      '^/\\(a\\)',
      '^/(a(b|c)?)',
      '^/x\\$',
      '^/x\\.*$',
      '^/$|',
      '^/x(/.*)?',
    ],
    `^/${'(a|b|c|d|e|f|g)/'.repeat(4)}`,
  ]
  for (const regex of expressions) t.equal(pathsOfRegex(regex), undefined, regex)
})

const rule = (path: string): Rule => ruleOf(path, { access: 'public', caseSensitive: true })

const segment = fc.constantFrom(
  'a',
  'b',
  'a.b',
  'a\\.b',
  '[^/]+',
  '[^/]*',
  '.*',
  '.+',
  '(a|b)',
  '(?:a|c)',
  'A',
  'a-b',
  '\\*',
  'x{2}',
)
const ending = fc.constantFrom(
  '',
  '$',
  '/',
  '/$',
  '/?$',
  '/.*',
  '/.*$',
  '.*',
  '/.+',
  '(/.*)?$',
  '(/|$)',
  '?',
  '/?',
  '(?:/|$)',
)
const expression = fc
  .tuple(fc.constantFrom('^', '^', '^', ''), fc.array(segment, { maxLength: 3 }), ending)
  .map(([start, segments, end]) => `${start}/${segments.join('/')}${end}`)
const path = fc
  .tuple(
    fc.array(fc.constantFrom('a', 'b', 'c', 'A', 'ab', 'a.b', 'axb', 'a-b', 'xx'), { maxLength: 4 }),
    fc.boolean(),
  )
  .map(([segments, slash]) => `/${segments.join('/')}${slash && segments.length > 0 ? '/' : ''}`)

t.test('no pattern matches what the expression does not, but for the slash that is told', async (t) => {
  let matched = 0
  fc.assert(
    fc.property(expression, fc.array(path, { minLength: 20, maxLength: 40 }), (regex, paths) => {
      const found = pathsOfRegex(regex)
      if (found === undefined) return
      const table = compileRules(found.paths.map(rule))
      for (const candidate of paths) {
        const target = canonicalPath(candidate)
        const isPublic = target !== undefined && table.match('x', target.path, 'GET').kind === 'rule'
        if (!isPublic) continue
        matched++
        const other = candidate.endsWith('/') ? candidate.slice(0, -1) : `${candidate}/`
        const isMeant = new RegExp(regex).test(candidate)
        const isTold = found.alsoCovered.length > 0 && new RegExp(regex).test(other)
        if (!isMeant && !isTold) throw new Error(`${regex} became ${found.paths}, which matches ${candidate}`)
      }
    }),
    { numRuns: 3_000 },
  )
  t.ok(matched > 1_000)
})

t.test('in another case nothing is public', async (t) => {
  const { routes } = loadPrinted(migrateOptions({ skip_auth_routes: ['^/public/?$'] }))
  const table = compileRules(routes)
  const access = (target: string) => {
    const match = table.match('app.example.com', canonicalPath(target)?.path as never, 'GET')
    return match.kind === 'rule' ? match.rule.access : match.kind
  }
  t.strictSame(['/public', '/PUBLIC', '/other'].map(access), ['public', 'no-rule', 'authenticated'])
})
