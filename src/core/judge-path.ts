import type { CanonicalPath, RequestPath } from './request-path.ts'
import type { Rule } from './rule.ts'
import type { Match } from './rules.ts'

/** Why no rule admits a path, whoever asks; `needs-opt-in` is a path that a rule must have allowed by name. */
export type PathRefusal = Exclude<Match, { kind: 'rule' }> | Readonly<{ kind: 'needs-opt-in' }>

/** The rules that a request must satisfy, that of the path as written first; with a refusal, those found so far. */
export type PathJudgement = Readonly<{ rules: readonly Rule[]; refusal?: PathRefusal }>

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
  const isAllowed = rules.every(({ allow }) => needs.every((need) => allow.includes(need)))
  return isAllowed ? { rules } : { rules, refusal: needsOptIn }
}
