import fc from 'fast-check'
import type { Rule } from '../../src/core/rules.ts'
import { ruleOf } from '../core/rule-of.ts'

export const hosts = ['app.test', 'api.app.test', 'other.test'] as const
export const methods = ['GET', 'HEAD', 'POST', 'DELETE'] as const
export const scopes = ['api.read', 'admin'] as const

/** The segments that rules are made of, and so the ones that targets aim at. */
export const words = ['admin', 'api', 'public', 'a', 'b.c', 'x@y', 'ss'] as const

const segment = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...words) },
  { weight: 2, arbitrary: fc.constant('*') },
)
const pattern = fc
  .tuple(fc.array(segment, { maxLength: 3 }), fc.constantFrom('', '', '/**', '/**', '/**', '/'))
  .map(([segments, end]) => `/${segments.join('/')}${segments.length === 0 ? end.slice(1) : end}`)
const host = fc.constantFrom(undefined, undefined, undefined, 'app.test', '*.app.test')
const groups = fc.constantFrom<string[][]>([], [], [], [['GET']], [['GET'], ['POST', 'DELETE']], [['POST']])

const takes: readonly Partial<Rule>[] = [
  ...Array(3).fill({ access: 'public' }),
  ...Array(2).fill({ access: 'authenticated' }),
  { access: 'optional' },
  ...scopes.map((scope) => ({ scopes: [scope] })),
  { scopes: [...scopes] },
]
const allows: readonly Rule['allow'][] = [
  ...[[], []],
  ...[['encoded-slash'], ['empty-segment'], ['encoded-slash', 'empty-segment']],
] as const
/** Every way to say who may pass, with every option. One choice of many is much faster than many of few. */
const terms = takes.flatMap((take) =>
  allows.flatMap((allow) => [false, true].map((caseSensitive) => ({ ...take, allow, caseSensitive }))),
)

const place = fc.record({
  path: pattern,
  host,
  groups,
  what: fc.tuple(fc.constantFrom(...terms), fc.constantFrom(...terms)),
})
type Place = typeof place extends fc.Arbitrary<infer Of> ? Of : never

/** The rules of one pattern: one for each group of methods, or one for all of them. */
function rulesOf({ path, host, groups, what }: Place): Rule[] {
  const lists = groups.length === 0 ? [undefined] : groups
  return lists.map((methods, index) =>
    ruleOf(path, { ...what[index], ...(host !== undefined && { host }), ...(methods && { methods }) }),
  )
}

function rankOf({ path, host }: Place): string {
  return `${host} ${path.replace(/\/$/, '')}`
}

const wideOpen = ruleOf('/**', { access: 'public', allow: ['encoded-slash', 'empty-segment'] })

/** Rule files of 2 to 8 rules that load; every other one leaves open to everybody what the rest does not name. */
export const ruleFile = fc
  .tuple(fc.uniqueArray(place, { minLength: 2, maxLength: 6, selector: rankOf }), fc.boolean())
  .map(([places, isOpen]) => {
    const rules = places.flatMap(rulesOf).slice(0, 7)
    const isTaken = rules.some(({ path, host }) => path === '/**' && host === undefined)
    return isOpen && !isTaken ? [...rules, wideOpen] : rules
  })
