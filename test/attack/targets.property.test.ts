import fc from 'fast-check'
import t from 'tap'
import { decide } from '../../src/core/decision.ts'
import { judgePath } from '../../src/core/judge-path.ts'
import { canonicalPath } from '../../src/core/request-path.ts'
import { compileRules, type Rule } from '../../src/core/rules.ts'
import type { Session } from '../../src/core/session.ts'
import { reportFamily } from './family.ts'
import { lookUp } from './lookup.ts'
import { readingsOf } from './readers.ts'
import { hosts, methods, ruleFile, scopes, words } from './rule-files.ts'

/** More of them, or one seed again, by hand: POSTERN_PROPERTY_RUNS=1000000 POSTERN_PROPERTY_SEED=1. */
const usualRuns = 100_000
const runs = Number(process.env['POSTERN_PROPERTY_RUNS'] ?? usualRuns)
const seed = Number(process.env['POSTERN_PROPERTY_SEED'] ?? Date.now() % 2 ** 31)

const odd = [
  ...['.', '..', '...', '%2e', '%2E%2e', '.%2e', '%252e', '%252e%252e', '%c0%ae', '%u002e', '%uff0e'],
  ...['%2f', '%2F', '%5c', '\\', '%252f', '%c0%af', '%e2%88%95', '%ef%bc%8f', '/', '/', '//'],
  ...[';', ';x', ';x=y', '%3b', '%3B', '?', '?/../admin', '#', '%23', '%3f', '%', '%%', '%zz', '%25'],
  ...['%00', '\x00', '%0a', '%0d%0a', '%09', '\t', '%7f', '%20', ' ', '%a0', '%c2%a0', '%e3%80%80'],
  ...[
    '%e2%80%8b',
    '%c2%ad',
    '%cc%81',
    '%ef%bc%8e',
    '%e2%80%a4',
    '%c3%9f',
    '%e1%ba%9e',
    '%c5%bf',
    '%e2%84%aa',
  ],
  ...[
    '%c4%b1',
    '%c4%b0',
    '%ff',
    '%ed%a0%80',
    '%61',
    '%41',
    '%2d',
    '%7e',
    '%40',
    '%3a',
    '%21',
    '%2c',
    '@',
    '~',
  ],
  ...[
    '::$DATA',
    '~1',
    '+',
    '&',
    '=',
    ':',
    '|',
    '[',
    '^',
    'é',
    '\xff',
    '%c3%a9',
    '%F0%9F%98%80',
    '%26',
    '%7c',
  ],
]

/** What passes the gate and yet is read in more than one way: the readings have to be judged. */
const ambiguous = [
  ...[';', ';x', ';admin', '.', '..', '.;', '%20', '%2e', '%20.', '/', '//', '%2f', '%2F', '%2F..'],
  ...['%40', '%21', '%3a', '%2c', '@', '%c3%9f', '%e1%ba%9e', '%C3%A9', '%25', '/.../'],
] as const

const hex = (char: string) => `%${char.charCodeAt(0).toString(16)}`

/** What may be done to a segment, that some reader undoes again; `at` says where in it, `more` what is put there. */
const disguises: readonly ((word: string, at: number, more: string) => string)[] = [
  (word) => word,
  (word) => word.toUpperCase(),
  (word, at) => word.slice(0, at) + word.slice(at).replace(/./, hex),
  (word) => [...word].map(hex).join(''),
  (word, _at, more) => more + word,
  (word, at, more) => word.slice(0, at) + more + word.slice(at),
  (word, _at, more) => word + more,
  (_word, _at, more) => more,
]

type Part = Readonly<{ between: string; word: string; how: number; at: number; more: string }>

const part: fc.Arbitrary<Part> = fc.record({
  between: fc.constantFrom(...Array(24).fill('/'), '//', '%2f', '%2F', '\\', '/./', '/../', '/;/'),
  word: fc.constantFrom(...words),
  how: fc.oneof(
    { weight: 2, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.nat(disguises.length - 1) },
  ),
  at: fc.nat(4),
  more: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...odd) },
    { weight: 9, arbitrary: fc.constantFrom(...ambiguous) },
    { weight: 2, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 2 }) },
  ),
})

function written({ between, word, how, at, more }: Part): string {
  return between + (disguises[how]?.(word, at, more) ?? word)
}

/** The parts with the literal segments of a pattern in place of their words, so that targets come near a rule. */
function aimed(parts: readonly Part[], rule: Rule | undefined): Part[] {
  const literals = rule?.path.split('/').slice(1) ?? []
  return parts.map((part, index) => {
    const literal = literals[index]
    return literal === undefined || literal === '' || literal.startsWith('*')
      ? part
      : { ...part, word: literal }
  })
}

const sample = fc
  .record({
    rules: ruleFile,
    parts: fc.array(part, { minLength: 1, maxLength: 5 }),
    aim: fc.nat(9),
    end: fc.constantFrom('', '', '/', '?q=/../admin'),
    host: fc.constantFrom(...hosts),
    method: fc.constantFrom(...methods),
    caller: fc.option(fc.subarray([...scopes]), { nil: undefined }),
  })
  .map(({ parts, aim, end, ...rest }) => ({
    ...rest,
    target: `/${aimed(parts, rest.rules[aim]).map(written).join('').replace(/^\//, '')}${end}`,
  }))
type Sample = typeof sample extends fc.Arbitrary<infer Of> ? Of : never

const sameSite = { isNavigation: false, isSafe: true, isCrossSite: false, now: 0 }
let served = 0

function sessionOf(granted: readonly string[] | undefined): Session | undefined {
  return granted && ({ scopes: granted, claims: {} } as unknown as Session)
}

/** What goes upstream, decided as the gateway decides; undefined when nothing does. */
function sentOn({ rules, target, host, method, caller }: Sample): string | undefined {
  const found = canonicalPath(target)
  if (found === undefined) return undefined
  const table = compileRules(rules)
  const { rules: met, refusal } = judgePath(found, (path) => table.match(host, path, method))
  const session = sessionOf(caller)
  const isServed =
    refusal === undefined &&
    met.every((rule) => decide(rule, session === undefined ? {} : { session }, sameSite).kind === 'forward')
  return isServed ? found.path + found.query : undefined
}

function mayReach(rule: Rule | undefined, granted: readonly string[] | undefined): boolean {
  if (rule === undefined) return false
  if (rule.access === 'public' || rule.access === 'optional') return true
  return granted !== undefined && rule.scopes.every((scope) => granted.includes(scope))
}

function misreadings(given: Sample): string[] {
  const sent = sentOn(given)
  if (sent === undefined) return []
  served += 1
  return [...readingsOf(sent)]
    .filter(([reading]) => !mayReach(lookUp(given.rules, given.host, reading, given.method), given.caller))
    .map(([reading, by]) => `${sent} is ${reading} to ${by}`)
}

t.setTimeout(120_000 + runs)

t.test(
  'no reader of a generated target ends where a generated rule file does not let the caller go',
  async (t) => {
    t.comment(`seed ${seed}, ${runs} cases`)
    const property = fc.property(sample, (given) => misreadings(given).length === 0)
    const result = await fc.check(property, { numRuns: runs, seed })
    const found = result.counterexample === null ? [] : misreadings(result.counterexample[0])
    t.strictSame(found, [], fc.defaultReportMessage(result) ?? 'nothing found')
    t.comment(`${served} of ${result.numRuns} cases were served`)
    t.ok(served > result.numRuns / 20, 'a good part of the cases is served')
    const passed = result.failed ? result.numRuns - 1 : runs
    if (runs === usualRuns) reportFamily(t, 'generated targets', runs, passed)
  },
)
