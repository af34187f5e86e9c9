import type { CanonicalPath, RequestPath } from './request-path.ts'
import type { Rule } from './rule.ts'
import type { Match } from './rules.ts'

/** Why no rule admits a path, whoever asks; `needs-opt-in` is a path that a rule must have allowed by name. */
export type PathRefusal = Exclude<Match, { kind: 'rule' }> | Readonly<{ kind: 'needs-opt-in' }>

/** The rules that a request must satisfy, that of the path as written first; with a refusal, those found so far. */
export type PathJudgement = Readonly<{ rules: readonly Rule[]; refusal?: PathRefusal }>

const noRule: PathRefusal = Object.freeze({ kind: 'no-rule' })
const needsOptIn: PathRefusal = Object.freeze({ kind: 'needs-opt-in' })

/**
 * Finds the rule of a path and of everything else that it may be read as: each reading must have one, and all of
 * them must have opted in to what the path needs. Where the request goes is said by the first.
 */
export function judgePath(
  { path, folded, needs }: RequestPath,
  match: (path: CanonicalPath) => Match,
): PathJudgement {
  const written = match(path)
  if (written.kind !== 'rule') return { rules: [], refusal: written }
  const rules = [written.rule]
  for (const reading of folded) {
    const found = match(reading)
    if (found.kind !== 'rule') return { rules, refusal: found }
    rules.push(found.rule)
  }
  return withNeeds(rules, needs)
}

/** The same for a request whose method nobody knows: it must satisfy the rules of every method that the path has. */
export function judgeAnyMethod(
  { path, folded, needs }: RequestPath,
  rulesAt: (path: CanonicalPath) => readonly Rule[],
): PathJudgement {
  const found = [path, ...folded].map(rulesAt)
  const rules = found.flat()
  return found.some(({ length }) => length === 0) ? { rules, refusal: noRule } : withNeeds(rules, needs)
}

function withNeeds(rules: readonly Rule[], needs: RequestPath['needs']): PathJudgement {
  const isAllowed = rules.every(({ allow }) => needs.every((need) => allow.includes(need)))
  return isAllowed ? { rules } : { rules, refusal: needsOptIn }
}
