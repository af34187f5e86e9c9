import type { CanonicalPath } from './request-path.ts'
import type { Rule } from './rule.ts'
import { patternSegments } from './rule-pattern.ts'
import { ruleProblems } from './rule-problems.ts'

export type { Rule } from './rule.ts'
export { ruleProblems } from './rule-problems.ts'

/** What the rule table says about a request; the objects are made once, at load. */
export type Match =
  | Readonly<{ kind: 'rule'; rule: Rule }>
  | Readonly<{ kind: 'no-rule' }>
  | Readonly<{ kind: 'wrong-method'; allow: readonly string[] }>

export type RuleTable = Readonly<{
  /** Finds the most specific path, then the rule for the method there. `host` is in the form of `hostKey`. */
  match: (host: string, path: CanonicalPath, method: string) => Match
  /** Every rule of the most specific path, whatever its methods; none where one of them is for another spelling only. */
  rulesAt: (host: string, path: CanonicalPath) => readonly Rule[]
  /** Tells whether a rule names this host, by itself or by a wildcard. */
  knowsHost: (host: string) => boolean
}>

type RuleMatch = Extract<Match, { kind: 'rule' }>
type Entry = { match: RuleMatch; segments: readonly string[] }
/** The rules of one pattern. */
type Leaf = { byMethod: Map<string, Entry>; otherMethods?: Entry; wrongMethod: Match }
/** One segment deep in the tree; literals are lower case. */
type Node = { literals: Map<string, Node>; oneSegment?: Node; exact?: Leaf; below?: Leaf }

const noRule: Match = Object.freeze({ kind: 'no-rule' })

/**
 * Compiles rules into one tree of path segments per host; a match costs the same for ten rules and ten thousand.
 * @throws {Error} when `ruleProblems` finds any
 */
export function compileRules(rules: readonly Rule[]): RuleTable {
  const problems = ruleProblems(rules)
  if (problems.length > 0) {
    throw new Error(problems.map(({ rule, key, message }) => `routes[${rule}].${key} ${message}`).join('\n'))
  }
  const anyHost = createNode()
  const hosts = new Map<string, Node>()
  for (const rule of rules) addRule(rule.host === undefined ? anyHost : treeOf(hosts, rule.host), rule)
  return Object.freeze({
    match: (host, path, method) => {
      const leaf = findByHost(hosts, anyHost, host, path.toLowerCase())
      return leaf === undefined ? noRule : pick(leaf, path, method)
    },
    rulesAt: (host, path) => {
      const leaf = findByHost(hosts, anyHost, host, path.toLowerCase())
      return leaf === undefined ? [] : rulesOf(leaf, path)
    },
    knowsHost: (host) => hostKeys(host).some((key) => hosts.has(key)),
  } satisfies RuleTable)
}

function createNode(): Node {
  return { literals: new Map() }
}

function treeOf(hosts: Map<string, Node>, host: string): Node {
  const key = host.toLowerCase()
  const tree = hosts.get(key) ?? createNode()
  hosts.set(key, tree)
  return tree
}

function addRule(tree: Node, rule: Rule): void {
  const segments = patternSegments(rule.path)
  let node = tree
  for (const segment of segments) if (segment !== '**') node = childOf(node, segment.toLowerCase())
  const end = segments.at(-1) === '**' ? 'below' : 'exact'
  node[end] ??= { byMethod: new Map(), wrongMethod: noRule }
  addToLeaf(node[end], { match: Object.freeze({ kind: 'rule', rule }), segments })
}

function childOf(node: Node, segment: string): Node {
  if (segment === '*') {
    node.oneSegment ??= createNode()
    return node.oneSegment
  }
  const child = node.literals.get(segment) ?? createNode()
  node.literals.set(segment, child)
  return child
}

function addToLeaf(leaf: Leaf, entry: Entry): void {
  const { methods } = entry.match.rule
  if (methods === undefined) leaf.otherMethods = entry
  for (const method of methods ?? []) leaf.byMethod.set(method, entry)
  const named = leaf.byMethod
  const get = named.get('GET')
  const head = named.get('HEAD')
  // HEAD is judged as GET, unless a rule names it, wherever in the file that rule is.
  if (get !== undefined && !head?.match.rule.methods?.includes('HEAD')) named.set('HEAD', get)
  leaf.wrongMethod = Object.freeze({ kind: 'wrong-method', allow: Object.freeze([...named.keys()].sort()) })
}

function rulesOf({ byMethod, otherMethods }: Leaf, path: string): readonly Rule[] {
  const entries = [...byMethod.values(), ...(otherMethods === undefined ? [] : [otherMethods])]
  if (!entries.every((entry) => isSpelledFor(entry, path))) return []
  return [...new Set(entries.map(({ match }) => match.rule))]
}

function findByHost(hosts: Map<string, Node>, anyHost: Node, host: string, path: string): Leaf | undefined {
  if (hosts.size > 0) {
    for (const key of hostKeys(host)) {
      const tree = hosts.get(key)
      const leaf = tree && find(tree, path, 1)
      if (leaf !== undefined) return leaf
    }
  }
  return find(anyHost, path, 1)
}

/** Every name a rule may have for this host, the most specific first. */
function hostKeys(host: string): string[] {
  const name = host.replace(/:\d+$/, '')
  const keys = name === host ? [name] : [host, name]
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
    if (name !== host) keys.push(`*${host.slice(dot)}`)
    keys.push(`*${name.slice(dot)}`)
  }
  return keys
}

/** The most specific pattern for the path from `start` on: literal before `*` before `**`, segment by segment. */
function find(node: Node, path: string, start: number): Leaf | undefined {
  if (start >= path.length) return node.exact ?? node.below
  const slash = path.indexOf('/', start)
  const end = slash === -1 ? path.length : slash
  const literal = node.literals.get(path.slice(start, end))
  const found = literal && find(literal, path, end + 1)
  if (found !== undefined) return found
  const one = node.oneSegment && end > start ? find(node.oneSegment, path, end + 1) : undefined
  return one ?? node.below
}

function pick(leaf: Leaf, path: string, method: string): Match {
  const entry = leaf.byMethod.get(method) ?? leaf.otherMethods
  if (entry === undefined) return leaf.wrongMethod
  return isSpelledFor(entry, path) ? entry.match : noRule
}

/** In another case it is another path there, yet it must not reach a weaker rule: an upstream may ignore case. */
function isSpelledFor({ match, segments }: Entry, path: string): boolean {
  return !match.rule.caseSensitive || hasSameCase(segments, path)
}

function hasSameCase(segments: readonly string[], path: string): boolean {
  let start = 1
  for (const segment of segments) {
    if (!segment.startsWith('*') && !path.startsWith(segment, start)) return false
    start = path.indexOf('/', start) + 1
  }
  return true
}
