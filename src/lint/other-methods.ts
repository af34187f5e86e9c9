import type { Source } from '../config/load.ts'
import type { Finding } from '../config/problem.ts'
import { patternSegments } from '../core/rule-pattern.ts'
import type { Rule } from '../core/rules.ts'
import { listed } from './words.ts'

/** Finds routes without methods that let everybody pass, beside protected ones of the same path that name some. */
export function findOtherMethods({ config: { routes } }: Source): readonly Finding[] {
  const byPlace = new Map<string, Rule[]>()
  for (const rule of routes) {
    const siblings = byPlace.get(placeOf(rule))
    if (siblings === undefined) byPlace.set(placeOf(rule), [rule])
    else siblings.push(rule)
  }
  return routes.flatMap((rule, index) => {
    if (rule.access === 'authenticated' || rule.methods !== undefined) return []
    const siblings = (byPlace.get(placeOf(rule)) as Rule[]).filter(({ access }) => access === 'authenticated')
    if (siblings.length === 0) return []
    const methods = siblings.flatMap((sibling) => sibling.methods as readonly string[])
    return {
      path: ['routes', index, 'access'],
      message: `lets everybody use every method but ${listed(methods)}, which need a sign-in by ${listed(siblings.map(({ name }) => name))}; write the methods that are meant, like methods: [GET]`,
    }
  })
}

/** What rules of one path have in common; all but one of them name methods. */
function placeOf({ host = '', path }: Rule): string {
  return `${host}/${patternSegments(path).join('/')}`.toLowerCase()
}
