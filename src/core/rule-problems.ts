import { parseHost } from './host.ts'
import type { Rule } from './rule.ts'
import { patternProblem, patternSegments } from './rule-pattern.ts'

/** What is wrong with one rule: its index, the key in it, and what to do. */
export type RuleProblem = Readonly<{ rule: number; key: 'path' | 'host' | 'methods'; message: string }>

/** Every problem of every rule that only the rule table can see; empty when the rules compile. */
export function ruleProblems(rules: readonly Rule[]): RuleProblem[] {
  return [...rules.flatMap(problemsOfOne), ...clashes(rules)].sort((a, b) => a.rule - b.rule)
}

/** What rules of equal rank have in common: host and pattern, up to ASCII case and trailing slash. */
function rankKey(rule: Rule): string {
  return `${rule.host ?? ''}/${patternSegments(rule.path).join('/')}`.toLowerCase()
}

function problemsOfOne(rule: Rule, index: number): RuleProblem[] {
  const found = {
    path: patternProblem(rule.path),
    host: rule.host === undefined ? undefined : hostProblem(rule.host),
    methods: rule.methods === undefined ? undefined : methodsProblem(rule.methods),
  }
  return Object.entries(found).flatMap(([key, message]) =>
    message === undefined ? [] : [{ rule: index, key: key as RuleProblem['key'], message }],
  )
}

function hostProblem(host: string): string | undefined {
  if (host === '*') return 'leave host away for a rule that serves every host'
  const parsed = parseHost(host.startsWith('*.') ? host.slice(2) : host)
  if (parsed === undefined) return 'must be a host name, host:port, or *.example.com'
  const isDefaultPort = parsed.port === '80' || parsed.port === '443'
  return isDefaultPort ? 'leave the default port away: a host without a port matches every port' : undefined
}

function methodsProblem(methods: readonly string[]): string | undefined {
  if (methods.length === 0) return 'must name at least one method; leave methods away for all'
  const bad = methods.find((method) => !/^[A-Z][A-Z-]*$/.test(method))
  if (bad !== undefined) return `must be method names in upper case, not ${JSON.stringify(bad)}`
  return new Set(methods).size < methods.length ? 'must name each method once' : undefined
}

function clashes(rules: readonly Rule[]): RuleProblem[] {
  const taken = new Map<string, { index: number; name: string }>()
  return rules.flatMap((rule, index) =>
    (rule.methods ?? ['']).flatMap((method) => {
      const place = `${method} ${rankKey(rule)}`
      const other = taken.get(place)
      if (other === undefined) taken.set(place, { index, name: rule.name })
      return other === undefined || other.index === index ? [] : [clash(index, method, other.name)]
    }),
  )
}

function clash(index: number, method: string, other: string): RuleProblem {
  if (method === '')
    return { rule: index, key: 'path', message: `is the same as ${other}, for the same methods` }
  return { rule: index, key: 'methods', message: `${method} is already taken for this path by ${other}` }
}
