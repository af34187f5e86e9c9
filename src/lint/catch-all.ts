import type { Source } from '../config/load.ts'
import type { Finding } from '../config/problem.ts'
import { patternSegments } from '../core/rule-pattern.ts'
import type { Rule } from '../core/rules.ts'
import { isLessSpecific } from './traffic.ts'

/** Finds routes that open the rest of a service to all, while others protect a part of it. */
export function findCatchAll({ config: { routes } }: Source): readonly Finding[] {
  return routes.flatMap((rule, index) => {
    const protectedPart = isOpenCatchAll(rule) ? routes.find((other) => isPartOf(other, rule)) : undefined
    if (protectedPart === undefined) return []
    return {
      path: ['routes', index, 'access'],
      message: `opens every path that no other route names, though ${protectedPart.name} protects a part of the same service: what is added to it later is open to all; say access: authenticated here, and name the paths that are public`,
    }
  })
}

function isOpenCatchAll({ access, path }: Rule): boolean {
  const segments = patternSegments(path)
  return access === 'public' && segments.at(-1) === '**' && segments.every((name) => name.startsWith('*'))
}

function isPartOf(other: Rule, whole: Rule): boolean {
  return (
    other.access === 'authenticated' &&
    other.upstream === whole.upstream &&
    (other.host ?? whole.host) === (whole.host ?? other.host) &&
    isLessSpecific(whole.path, other.path)
  )
}
