import type { Rule } from '../../src/core/rules.ts'

/** What a pattern is worth, segment by segment; more specific ones come first in the order of text. */
const ranks: Readonly<Record<string, string>> = { '*': 'b', '**': 'c' }

/**
 * The rule that a path and method fall under, found the slow and obvious way: of all patterns that match, the most
 * specific; of its rules, the one for the method. Written from the documentation, not from the rule table.
 */
export function lookUp(rules: readonly Rule[], host: string, path: string, method: string): Rule | undefined {
  const segments = segmentsOf(path.toLowerCase())
  const matching = rules.filter((rule) => isHost(rule, host) && isPath(patternOf(rule), segments))
  const [best] = matching.map(rankOf).sort()
  const atBest = matching.filter((rule) => rankOf(rule) === best)
  const asked = method === 'HEAD' && !atBest.some(({ methods }) => methods?.includes('HEAD')) ? 'GET' : method
  return atBest.find(({ methods }) => methods?.includes(asked)) ?? atBest.find((rule) => !rule.methods)
}

function segmentsOf(path: string): string[] {
  const segments = path.split('/').slice(1)
  if (segments.at(-1) === '') segments.pop()
  return segments
}

function patternOf({ path }: Rule): string[] {
  return segmentsOf(path.toLowerCase())
}

function isHost({ host }: Rule, asked: string): boolean {
  return host === undefined || host === asked || (host.startsWith('*') && asked.endsWith(host.slice(1)))
}

function isPath([first, ...pattern]: readonly string[], segments: readonly string[]): boolean {
  if (first === '**') return true
  const [segment, ...rest] = segments
  if (first === undefined || segment === undefined) return first === segment
  return (first === '*' ? segment !== '' : segment === first) && isPath(pattern, rest)
}

/** Hosts before no host, exact ones before wildcards; then each segment, an end before anything below it. */
function rankOf(rule: Rule): string {
  const { host } = rule
  const hostRank = host === undefined ? '3' : host.startsWith('*') ? `2${host.length}` : '1'
  return (
    hostRank +
    patternOf(rule)
      .map((segment) => ranks[segment] ?? 'a')
      .join('')
  )
}
