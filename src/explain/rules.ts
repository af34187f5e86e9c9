import type { Line } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import type { CorsPolicy } from '../core/cors.ts'
import type { PathJudgement } from '../core/judge-path.ts'
import type { RequestPath } from '../core/request-path.ts'
import type { Rule } from '../core/rule.ts'
import type { RuleTable } from '../core/rules.ts'
import { callerConditions, shapeConditions } from './conditions.ts'
import type { Condition, RuleExplanation } from './explanation.ts'
import type { Course } from './gate.ts'

/** A configuration, where its routes are written, and the table made of them; the clock in epoch seconds. */
type Parts = Readonly<{ config: Config; routes: readonly Line[]; rules: RuleTable; clock: () => number }>

/** The rules that a request had to satisfy, each once; of one that no rule admits for its method, the rules that come near. */
export function rulesExplained(parts: Parts, course: Course): readonly RuleExplanation[] {
  const { judgement, request, sites } = course
  const { visit } = request
  if (judgement === undefined) {
    if (visit.rule === undefined) return []
    return [ruleExplained(parts, visit.rule, course, [], corsCondition(visit.rule, course))]
  }
  const seen = { request, sites, clock: parts.clock }
  const readings = readingsOf(parts, course)
  return [...new Set(readings.map(({ rule }) => rule))].map((rule) => {
    const ofRule = readings.flatMap((found) => (found.rule === rule ? found.readings : []))
    // Of a request that no rule admits, nobody asks who sends it.
    const ofCaller = judgement.refusal === undefined ? callerConditions(rule, seen) : []
    return ruleExplained(parts, rule, course, ofRule, [...shapeConditions(rule, seen), ...ofCaller])
  })
}

type Found = Readonly<{ rule: Rule; readings: readonly string[] }>

/** The rules as they were found, one for each reading of the path unless the method is not known. */
function readingsOf({ rules: table }: Parts, { judgement, request }: Course): readonly Found[] {
  const { rules, refusal } = judgement as PathJudgement
  const { method, target, origin } = request.visit
  const { path, folded } = target as RequestPath
  const readings = method === '' ? [] : [path, ...folded]
  const failed = refusal?.kind === 'wrong-method' ? readings[rules.length] : undefined
  const near = failed === undefined ? [] : table.rulesAt(origin.host as string, failed)
  return [...rules, ...near].map((rule, index) => ({
    rule,
    readings: readings.slice(Math.min(index, rules.length)).slice(0, 1),
  }))
}

function ruleExplained(
  { config, routes }: Parts,
  rule: Rule,
  { request }: Course,
  readings: readonly string[],
  conditions: readonly Condition[],
): RuleExplanation {
  const { name, path, host, methods, upstream } = rule
  return {
    name,
    at: routes[config.routes.indexOf(rule)] as Line,
    path,
    ...(host !== undefined && { host }),
    ...(methods !== undefined && { methods }),
    ...(upstream !== undefined && { upstream }),
    readings,
    isDeciding: request.visit.rule === rule,
    conditions,
  }
}

/** Of a preflight nothing else is asked. */
function corsCondition({ cors }: Rule, { request, end }: Course): readonly Condition[] {
  const { origins: wanted } = cors as CorsPolicy
  const isMet = end.kind !== 'answer' || end.status < 400
  return [{ name: 'cors', wanted, seen: request.headers.origin, isMet }]
}
