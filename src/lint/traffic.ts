import type { Config } from '../config/schema.ts'
import type { CanonicalPath } from '../core/request-path.ts'
import { patternSegments } from '../core/rule-pattern.ts'
import { compileRules, type Match, type Rule } from '../core/rules.ts'

/** A request that stands for many. */
export type Sample = Readonly<{ host: string; path: CanonicalPath; method: string }>

/** What may be asked about the requests of a configuration. */
export type Traffic = Readonly<{
  /**
   * Requests for a rule by its host, path and methods, whoever takes them. Where a pattern leaves something open, a name
   * stands there that no rule has, so that a rule which takes none of them takes no request at all.
   */
  samplesOf: (rule: Pick<Rule, 'host' | 'path' | 'methods'>) => Iterable<Sample>
  /** The rule that takes a request. */
  match: (sample: Sample) => Match
  /** Every rule of the path that takes a request, whatever its methods. */
  rulesAt: (sample: Sample) => readonly Rule[]
}>

/** Makes up the requests of which a configuration treats each kind in its own way. */
export function createTraffic({ routes, server, session }: Config): Traffic {
  const table = compileRules(routes)
  const fresh = freshName(routes)
  const deepest = 1 + Math.max(...routes.map(({ path }) => patternSegments(path).length))
  const hosts = servedHosts()

  function servedHosts(): readonly string[] {
    const { domain } = session.cookie
    const named = [...routes.flatMap(({ host }) => host ?? []), ...(domain === undefined ? [] : [domain])]
    const below = domain === undefined ? [] : [`*.${domain}`]
    const open = server.public_url.map((url) => url.replace(/^\w+:\/\//, ''))
    return [...new Set([...open, ...named, ...below].map((host) => host.replace('*', fresh)))]
  }

  function* samplesOf(rule: Pick<Rule, 'host' | 'path' | 'methods'>): Iterable<Sample> {
    const paths = pathsOf(rule.path)
    for (const host of hosts.filter((name) => isFor(rule.host, name)))
      for (const path of paths)
        for (const method of rule.methods ?? ['GET', 'POST', 'SOME-OTHER']) yield { host, path, method }
  }

  function pathsOf(pattern: string): readonly CanonicalPath[] {
    const segments = patternSegments(pattern)
    const isTree = segments.at(-1) === '**'
    const own = (isTree ? segments.slice(0, -1) : segments).map((name) => (name === '*' ? fresh : name))
    const depths = Array.from({ length: isTree ? deepest - own.length + 1 : 1 }, (_, depth) => depth)
    return depths.map((depth) => `/${[...own, ...Array(depth).fill(fresh)].join('/')}` as CanonicalPath)
  }

  return {
    samplesOf,
    match: ({ host, path, method }) => table.match(host, path, method),
    rulesAt: ({ host, path }) => table.rulesAt(host, path),
  }
}

/** Longer than every name in a pattern, and so none of them. */
function freshName(routes: readonly Rule[]): string {
  return 'x'.repeat(1 + Math.max(...routes.map(({ path, host = '' }) => path.length + host.length)))
}

/** Tells whether a rule for `named` is for this host; without a port it is for every port. */
function isFor(named: string | undefined, host: string): boolean {
  if (named === undefined) return true
  const asked = /:\d+$/.test(named) ? host : host.replace(/:\d+$/, '')
  return named.startsWith('*.') ? asked.endsWith(named.slice(1)) : asked === named
}

/** Tells whether the rule table prefers the second pattern, where both match. */
export function isLessSpecific(one: string, other: string): boolean {
  const [ranks, others] = [ranksOf(one), ranksOf(other)]
  const first = ranks.findIndex((rank, index) => rank !== others[index])
  return first !== -1 && (ranks[first] as number) > (others[first] ?? 0)
}

/** Of each segment, how much it leaves open: nothing, itself, or all the rest. */
function ranksOf(pattern: string): readonly number[] {
  return patternSegments(pattern).map((segment) => ['*', '**'].indexOf(segment) + 1)
}
