/** The figures Postern has set itself, compared with one run's medians. */
import type { Comparison, Row } from './comparison.ts'
import type { Experiments } from './report.ts'
import { apacheName, checkName, checkRulesName, floorWithCookieName, sessionName } from './subject.ts'

export type Target = Readonly<{ name: string; limit: string; value: number; isMet: boolean }>

/** Judges the checks of a run, as far as they could be measured. */
export function judgeChecks(checks: Comparison): Target[] {
  const check = find(checks, checkName)
  const withRules = find(checks, checkRulesName)
  return [
    ...(check ? [atMost('CPU per check, × bare route', 1.3, check.cpuRatio.median)] : []),
    ...(check && withRules
      ? [
          atMost(
            'CPU per check with 10,000 rules, × 10 rules',
            1.05,
            withRules.cpuRatio.median / check.cpuRatio.median,
          ),
        ]
      : []),
  ]
}

/** Judges what else this run could measure. */
export function judge(comparison: Comparison, experiments: Experiments): Target[] {
  const session = find(comparison, sessionName)
  const apache = find(comparison, apacheName)
  const floorWithCookie = find(comparison, floorWithCookieName)
  return [
    ...(session ? [atMost('CPU per authenticated request, × floor', 1.25, session.cpuRatio.median)] : []),
    ...(session && floorWithCookie
      ? [
          atMost(
            'the same, × floor with the same request',
            1.25,
            session.cpuRatio.median / floorWithCookie.cpuRatio.median,
          ),
        ]
      : []),
    ...(session && apache
      ? [
          atLeast(
            'requests per CPU second, × mod_auth_openidc',
            2.5,
            apache.cpuRatio.median / session.cpuRatio.median,
          ),
        ]
      : []),
    atMost('CPU with 10,000 rules, × 10 rules', 1.05, experiments.rules.median),
    atMost('CPU with 10,000 sessions, × one', 1.5, experiments.sessions.median),
    atMost('CPU with a JWT seen before, × session', 1.1, experiments.tokens.seen.median),
    atMost('key fetches for tokens of one issuer', 1, experiments.tokens.fetches),
    atMost('key fetches for 10,000 unknown keys', 2, experiments.tokens.flood.fetches),
    atLeast('100 MB download, throughput × floor', 0.9, experiments.download.throughputRatio.median),
    atMost('100 MB download, extra memory, MB', 50, experiments.download.extraMemory.postern),
    atMost('100 MB upload, extra memory, MB', 50, experiments.upload.extraMemory.postern),
    atMost('idle memory, MB', 90, experiments.idleMemory),
  ]
}

function find(comparison: Comparison, name: string): Row | undefined {
  return comparison.rows.find((row) => row.name === name)
}

function atMost(name: string, limit: number, value: number): Target {
  return { name, limit: `≤ ${limit}`, value, isMet: value <= limit }
}

function atLeast(name: string, limit: number, value: number): Target {
  return { name, limit: `≥ ${limit}`, value, isMet: value >= limit }
}
