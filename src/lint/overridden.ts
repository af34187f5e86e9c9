import type { Source } from '../config/load.ts'
import type { Finding } from '../config/problem.ts'
import type { Rule } from '../core/rules.ts'
import { createTraffic, isLessSpecific, type Traffic } from './traffic.ts'

/**
 * Finds protected routes that lose some host to a wider route which lets everybody pass: a host goes before no host,
 * however specific the path is.
 */
export function findOverridden({ config }: Source): readonly Finding[] {
  const traffic = createTraffic(config)
  return config.routes.flatMap((rule, index) =>
    rule.access !== 'authenticated'
      ? []
      : weakerTakers(rule, traffic).map(({ name, host, access }) => ({
          path: ['routes', index, 'path'],
          message: `does not count for ${host}: ${name}, which names that host, goes before it and is ${access}; write this route for host: ${JSON.stringify(host)} too`,
        })),
  )
}

function weakerTakers(rule: Rule, { samplesOf, match }: Traffic): readonly Rule[] {
  const takers = new Set<Rule>()
  for (const sample of samplesOf(rule)) {
    const found = match(sample)
    if (found.kind === 'rule' && isWeakerElsewhere(found.rule, rule)) takers.add(found.rule)
  }
  return [...takers]
}

function isWeakerElsewhere(taker: Rule, rule: Rule): boolean {
  return taker.access !== 'authenticated' && taker.host !== rule.host && isLessSpecific(taker.path, rule.path)
}
