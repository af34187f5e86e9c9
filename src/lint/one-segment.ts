import type { Source } from '../config/load.ts'
import type { Finding } from '../config/problem.ts'
import { patternSegments } from '../core/rule-pattern.ts'
import type { Rule } from '../core/rules.ts'
import { createTraffic, type Traffic } from './traffic.ts'

/** Finds protected routes that end in `/*`, where what lies deeper falls to a wider route which lets everybody pass. */
export function findOneSegment({ config }: Source): readonly Finding[] {
  const traffic = createTraffic(config)
  return config.routes.flatMap((rule, index) => {
    const taker = rule.access === 'authenticated' ? openBelow(rule, traffic) : undefined
    if (taker === undefined) return []
    const tree = `/${[...patternSegments(rule.path).slice(0, -1), '**'].join('/')}`
    const message = `is for one segment only: what lies deeper falls to ${taker.name}, which is ${taker.access}; write ${tree}, or a route of its own for what is deeper`
    return { path: ['routes', index, 'path'], message }
  })
}

function openBelow(rule: Rule, { samplesOf, match }: Traffic): Rule | undefined {
  const segments = patternSegments(rule.path)
  if (segments.at(-1) !== '*') return undefined
  for (const sample of samplesOf({ ...rule, path: `/${[...segments, '*'].join('/')}` })) {
    const found = match(sample)
    // A pattern of the same length was written with what is below in mind.
    if (found.kind === 'rule' && isOpen(found.rule) && isShorter(found.rule, segments)) return found.rule
  }
  return undefined
}

function isOpen({ access }: Rule): boolean {
  return access !== 'authenticated'
}

function isShorter({ path }: Rule, segments: readonly string[]): boolean {
  return patternSegments(path).length < segments.length
}
