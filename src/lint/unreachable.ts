import type { Source } from '../config/load.ts'
import type { Finding } from '../config/problem.ts'
import { patternSegments } from '../core/rule-pattern.ts'
import { createTraffic } from './traffic.ts'
import { listed } from './words.ts'

/** Finds routes that no request ever gets to, since others, or Postern itself, take them all. */
export function findUnreachable({ config }: Source): readonly Finding[] {
  const { prefix } = config.server
  const { samplesOf, match, rulesAt } = createTraffic(config)
  return config.routes.flatMap((rule, index) => {
    const path = ['routes', index, 'path']
    if (isOwn(rule.path, prefix))
      return {
        path,
        message: `is never reached: what is below server.prefix (${prefix}) is answered by Postern itself; take it out, or choose another prefix`,
      }
    const takers = new Set<string>()
    for (const sample of samplesOf(rule)) {
      const found = match(sample)
      if (found.kind === 'rule' && found.rule === rule) return []
      for (const { name } of rulesAt(sample)) takers.add(name)
    }
    return {
      path,
      message: `is never reached: every request for it goes to ${takers.size === 0 ? 'routes that spell it in another case' : listed([...takers])}, more specific in host or path; take it out, or make it more specific`,
    }
  })
}

function isOwn(pattern: string, prefix: string): boolean {
  const own = patternSegments(prefix)
  const segments = patternSegments(pattern)
  return own.every((segment, index) => segments[index] === segment)
}
