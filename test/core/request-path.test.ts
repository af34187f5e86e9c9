import t from 'tap'
import { canonicalPath, maxTargetLength, readTarget } from '../../src/core/request-path.ts'
import { compileRules } from '../../src/core/rules.ts'
import { corpus } from '../support/corpus.ts'
import { ruleOf } from './rule-of.ts'

const table = compileRules([ruleOf('/public/**'), ruleOf('/api/**'), ruleOf('/admin/**')])
const strictness = ['public', 'api', 'admin', 'default']

/** What becomes of a target when no rule grants an opt-in: `400`, or the strictest rule that one of its readings meets. */
function outcome(target: string): string {
  const found = canonicalPath(target)
  if (found === undefined || found.needs.length > 0) return '400'
  const rules = [found.path, ...found.folded].map((path) => {
    const match = table.match('app.example.com', path, 'GET')
    return match.kind === 'rule' ? (match.rule.path.split('/')[1] as string) : 'default'
  })
  return strictness.findLast((rule) => rules.includes(rule)) as string
}

/** The outcomes a corpus row accepts; own endpoints are no rule's, and of two readings one may have no rule. */
function acceptable(safe: string): string[] {
  const rules = [...safe.matchAll(/AS:\/?(\w+)|default-deny/g)].map(([, rule = 'default']) => rule)
  if (safe.includes('400')) rules.push('400')
  if (safe.includes('both')) rules.push('default')
  return rules.map((rule) => (rule === 'oauth' ? 'default' : rule))
}

for (const [target = '', id = '', mistaken = '', safe = ''] of corpus('paths.tsv')) {
  t.test(`answers ${id} safely: ${JSON.stringify(target.slice(0, 60))}, ${mistaken}`, async (t) => {
    t.ok(acceptable(safe).includes(outcome(target)), { got: outcome(target), safe })
  })
}

const paths: Record<string, string> = {
  '/': '/',
  '/a/b.json': '/a/b.json',
  '/.well-known/x': '/.well-known/x',
  '/a..b/c': '/a..b/c',
  '/a/b/': '/a/b/',
  '/%61%7e%2D': '/a~-',
  '/%e2%9c%93': '/%E2%9C%93',
  '/caf%C3%A9/%d0%bf': '/caf%C3%A9/%D0%BF',
  '/cafe%CC%81': '/cafe%CC%81',
  '/a|b[1]^': '/a|b[1]^',
  '/100%25': '/100%25',
  '/50%25of': '/50%25of',
  '/%25x': '/%25x',
  '/%DB%8C%E2%80%8C%D9%85': '/%DB%8C%E2%80%8C%D9%85',
  '/%E2%9D%A4%EF%B8%8F': '/%E2%9D%A4%EF%B8%8F',
}

t.test('passes what browsers and services really use, normalised', async (t) => {
  for (const [target, path] of Object.entries(paths)) {
    t.strictSame(canonicalPath(target), { path, query: '', folded: [], needs: [] }, target)
  }
})

t.test('keeps a query byte for byte, whatever browsers leave unescaped in it', async (t) => {
  for (const query of [
    '?',
    '??',
    '?q={}[]|^`"<>\\',
    '?a=%',
    '?a=%zz&b=%2e%2e',
    '?x=/../admin',
    "?a='b'%20%00",
  ]) {
    t.match(canonicalPath(`/a${query}`), { path: '/a', query })
    t.match(canonicalPath(`/%61${query}`), { path: '/a', query })
  }
})

t.test('refuses a query that no browser sends', async (t) => {
  for (const query of ['?a b', '?a#b', '?\x00', '?\x7f', '?caf\xe9', '?\n']) {
    t.equal(canonicalPath(`/a${query}`), undefined)
  }
})

const refused = [
  ...['', '*', 'a', 'http://a/b', 'a:80', '?/a', '#/a', '\\a'],
  ...['/a b', '/a\tb', '/a"', '/a<', '/a>', '/a`', '/{a}', '/a\\b', '/a#', '/\xe9', '/\x7f'],
  ...['/%', '/%4', '/%zz', '/%u0041', '/%%41'],
  ...['/%00', '/%1f', '/%7F', '/%0a', '/%5c', '/%23', '/%3F', '/%3b'],
  ...['/%2500', '/%252f', '/%25%32%65', '/%25u002e', '/%25fa'],
  ...['/.', '/..', '/a/../b', '/a/./b', '/%2e', '/.%2E/a', '/a/..', '/./'],
  ...['/..;/a', '/.;x', '/;/a', '/;a', '/a/;', '/%2e%2e;x/a'],
  ...['/.%20./a', '/%20', '/%20../a', '/..%20/a', '/.%20', '/%20%20/a', '/...%20/a', '/%20;x'],
  ...['/%c0%ae', '/%ed%a0%80', '/%ff', '/%e2%82', '/%f4%90%80%80', '/a%c2%85', '/a%C2%A0'],
  ...[
    '/a%2F..',
    '/a%2F%2Fb',
    '/%2Fa',
    '/a/%2Fb',
    '/a%2F.%2fb',
    '/a//b%2Fc',
    '/a%2F;x/b',
    '/a%2F%20',
    '/..%2Fa',
  ],
  ...[
    '/%EF%BC%8E',
    '/%E2%81%84',
    '/%E2%88%95',
    '/%E2%80%A4',
    '/%E3%80%80',
    '/%E2%84%AA',
    '/%C4%B0',
    '/%C4%B1',
  ],
  ...['/%C5%BF', '/a%E2%80%8B', '/a%E2%80%8D', '/%EF%BB%BF', '/a%C2%AD', '/%E2%80%AE', '/%E3%80%82%E3%80%82'],
  ...['/%C2%BD', '/%E2%80%A6', '/%C2%A5', '/%EF%B7%90', '/%F0%9D%90%9A', '/%E2%93%90', '/%C3%9F%E2%80%8D'],
]

t.test('refuses what could be read as another path', async (t) => {
  for (const target of refused) t.equal(canonicalPath(target), undefined, target)
})

t.test('names the opt-ins that a path needs, and what it is without them', async (t) => {
  t.match(canonicalPath('/a%2fb'), { path: '/a%2Fb', needs: ['encoded-slash'], folded: ['/a/b'] })
  t.match(canonicalPath('/a%2f'), { path: '/a%2F', needs: ['encoded-slash'], folded: ['/a/'] })
  t.match(canonicalPath('/a//b'), { path: '/a//b', needs: ['empty-segment'], folded: ['/a/b'] })
  t.match(canonicalPath('//a/'), { path: '//a/', needs: ['empty-segment'], folded: ['/', '/a/'] })
  t.match(canonicalPath('///'), { path: '///', needs: ['empty-segment'], folded: ['/'] })
})

const readings: Record<string, string[]> = {
  '/admin;x=y/users': ['/admin/users'],
  '/admin;/': ['/admin/'],
  '/admin.': ['/admin'],
  '/admin../x': ['/admin/x'],
  '/admin%20/x': ['/admin/x'],
  '/%20admin': ['/admin'],
  '/admin%20.%20': ['/admin', '/admin%20.'],
  '/files/...': ['/files/'],
  '/files/.../x': ['/files/x'],
  '/.../': ['/'],
  '/me%40b.c%3a%2B': ['/me@b.c:+'],
  '/stra%C3%9Fe': ['/strasse'],
  '/a.;x': ['/a.', '/a'],
  '/a.;b/c%2Cd': ['/a.;b/c,d', '/a./c%2Cd', '/a./c,d', '/a/c%2Cd', '/a/c,d'],
  '/a;x%2Fb': ['/a;x/b', '/a', '/a/b'],
}

t.test('adds the other readings of what some upstreams drop or decode', async (t) => {
  for (const [target, folded] of Object.entries(readings)) {
    t.strictSame(canonicalPath(target)?.folded.toSorted(), folded.toSorted(), target)
  }
})

t.test('refuses a path with more readings than an honest one has', async (t) => {
  t.equal(canonicalPath('/a//b.;x/%40'), undefined)
})

t.test('refuses a target longer than the limit instead of cutting it', async (t) => {
  t.ok(canonicalPath(`/${'a'.repeat(maxTargetLength - 1)}`))
  t.equal(canonicalPath(`/${'a'.repeat(maxTargetLength)}`), undefined)
  t.equal(canonicalPath(`/a?${'a'.repeat(maxTargetLength)}`), undefined)
})

t.test('shares its empty lists, so that a plain target costs one object', async (t) => {
  t.equal(canonicalPath('/a')?.folded, canonicalPath('/%62')?.folded)
  t.equal(canonicalPath('/a')?.needs, canonicalPath('/b.')?.needs)
})

const faults: Record<string, [fault: string, found?: string]> = {
  '': ['not-a-path'],
  'http://a/b': ['not-a-path'],
  [`/${'a'.repeat(maxTargetLength)}`]: ['too-long'],
  '/a?b c': ['query-character', ' '],
  '/a b': ['path-character', ' '],
  '/a\\b': ['path-character', '\\'],
  '/\xe9': ['path-character', '\xe9'],
  '/%zz': ['escape-broken'],
  '/%5c': ['escape-forbidden', '%5C'],
  '/%252e': ['escape-forbidden', '%252e'],
  '/a/../b': ['dot-segment', '/..'],
  '/%2e%2e/': ['dot-segment', '/..'],
  '/a%2F..': ['dot-segment', '/..'],
  '/;x': ['dot-segment', '/;'],
  '/%ff': ['not-utf8'],
  '/a%E2%80%8B': ['confusable', '\u200b'],
  '/%C3%A9%E2%84%AA': ['confusable', '\u212a'],
  '/%C3%9F%E2%80%8D': ['confusable', '\u200d'],
  '/a//b.;x/%40': ['ambiguous'],
  '/a/%2Fb': ['ambiguous'],
}

t.test('says what is wrong with a target that it refuses', async (t) => {
  for (const [target, [fault, found]] of Object.entries(faults)) {
    t.strictSame(readTarget(target), { fault, ...(found !== undefined && { found }) }, target)
    t.equal(canonicalPath(target), undefined)
  }
  t.strictSame(readTarget('/a;b?c'), canonicalPath('/a;b?c'))
})
