import fc from 'fast-check'
import t from 'tap'
import { canonicalPath } from '../../src/core/request-path.ts'
import { compileRules, type Rule, type RuleTable, ruleProblems } from '../../src/core/rules.ts'
import { ruleOf } from '../core/rule-of.ts'
import { readingsOf } from './readers.ts'

/** Enough for every run; a run by hand may take more: POSTERN_PROPERTY_RUNS=1000000. */
const numRuns = Number(process.env['POSTERN_PROPERTY_RUNS'] ?? 100_000)
const seed = Number(process.env['POSTERN_PROPERTY_SEED'] ?? Date.now() % 2 ** 31)

const host = 'app.example.com'
const names = ['public', 'api', 'admin', 'a', 'b']

/** What targets are made of: separators, dots and their disguises, words that rules know, and what breaks readers. */
const atoms = [
  ...names.flatMap((name) => [
    name,
    name.toUpperCase(),
    `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`,
  ]),
  ...[
    '/',
    '/',
    '/',
    '//',
    '%2f',
    '%2F',
    '%252f',
    '%5c',
    '\\',
    '%255c',
    '%c0%af',
    '%e0%80%af',
    '%u002f',
    '%ef%bc%8f',
    '\u2215',
  ],
  ...['.', '..', '...', '%2e', '%2E%2e', '.%2e', '%252e', '%c0%ae', '%u002e', '%ef%bc%8e', '%e2%80%a4'],
  ...[';', ';x', ';v=1', '%3b', '..;', ';/', '%3B/'],
  ...[
    '%20',
    '%09',
    '%0a',
    '%00',
    '%7f',
    ' ',
    '\t',
    '\0',
    '%a0',
    '%c2%a0',
    '%e3%80%80',
    '%e2%80%8b',
    '%ef%bb%bf',
  ],
  ...[
    '?',
    '#',
    '%3f',
    '%23',
    '&',
    '=',
    ':',
    '@',
    '!',
    "'",
    '(',
    '*',
    '+',
    ',',
    '$',
    '~',
    '|',
    '^',
    '[',
    ']',
    '"',
    '<',
  ],
  ...[
    '%',
    '%%',
    '%zz',
    '%f',
    '%25',
    '%2525',
    '%252',
    'ß',
    '%c3%9f',
    'ſ',
    '%c5%bf',
    'K',
    '%e2%84%aa',
    'é',
    '%80',
    'x.css',
  ],
]

const targets = fc
  .tuple(
    fc.constantFrom('/', '/', '/', '', 'http://app.example.com/', '//'),
    fc.array(fc.constantFrom(...atoms), { maxLength: 9 }),
  )
  .map(([start, parts]) => start + Buffer.from(parts.join('')).toString('latin1'))

const segment = fc.constantFrom(...names, '*')
const pattern = fc
  .tuple(fc.array(segment, { maxLength: 3 }), fc.boolean())
  .map(([segments, isOpen]) => `/${[...segments, ...(isOpen ? ['**'] : [])].join('/')}`)
const rule: fc.Arbitrary<Rule> = fc
  .record({
    path: pattern,
    access: fc.constantFrom('public', 'authenticated'),
    methods: fc.constantFrom(undefined, undefined, ['GET'], ['POST']),
    allow: fc.constantFrom([], [], ['encoded-slash'], ['empty-segment'], ['encoded-slash', 'empty-segment']),
  })
  .map(({ path, methods, ...rest }) =>
    ruleOf(path, { ...rest, ...(methods && { methods }) } as Partial<Rule>),
  )

const ruleSets = fc
  .array(rule, { minLength: 2, maxLength: 8 })
  .filter((rules) => ruleProblems(rules).length === 0)

/** What the gate does for somebody who is not signed in: every reading must find a public rule that accepts the spelling. */
function arrivalOf(table: RuleTable, method: string, target: string): string | undefined {
  const judged = canonicalPath(target)
  if (judged === undefined) return undefined
  const matches = [judged.path, ...judged.folded].map((path) => table.match(host, path, method))
  const passes = matches.every(
    (match) =>
      match.kind === 'rule' &&
      match.rule.access === 'public' &&
      judged.needs.every((need) => match.rule.allow.includes(need)),
  )
  return passes ? judged.path + judged.query : undefined
}

/** Whether a reader who takes the path for this one is where everybody may be; a path of no rule protects nothing. */
function isOpen(table: RuleTable, method: string, path: string): boolean {
  const match = table.match(host, path as Parameters<RuleTable['match']>[1], method)
  return match.kind === 'rule' && match.rule.access === 'public'
}

t.test(
  `whatever reaches an upstream is open to its sender for every reader (${numRuns} cases, seed ${seed})`,
  async (t) => {
    let arrived = 0
    fc.assert(
      fc.property(ruleSets, fc.constantFrom('GET', 'POST'), targets, (rules, method, target) => {
        const table = compileRules(rules)
        const received = arrivalOf(table, method, target)
        if (received === undefined) return true
        arrived += 1
        if (canonicalPath(received)?.path !== received.replace(/\?.*$/s, '')) return false
        return [...readingsOf(received).values()].every((path) => isOpen(table, method, path))
      }),
      { numRuns, seed },
    )
    t.ok(arrived > numRuns / 100, `${arrived} of ${numRuns} arrived`)
  },
)
