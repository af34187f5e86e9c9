/** The figures Postern has set itself, compared with one run's medians. */
import type { Comparison, Row } from './comparison.ts'
import type { Operations } from './operations.ts'
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

/** Judges what running it takes. */
export function judgeOperations({ explain, reloads, streams, workers }: Operations): Target[] {
  return [
    atMost('explain, whole command, ms', 150, explain.wall.median),
    ...(workers
      ? [
          // The generator takes its part of the two cores, so the throughput as it was cannot come to that here.
          atLeast('four workers on two cores, × one, per core had', 1.7, workers.undisturbed.median),
        ]
      : []),
    atMost('requests failed around reloads', 0, reloads.failed),
    atMost('p99 around reloads, × p99 of quiet seconds', noiseOfQuiet(reloads), p99Ratio(reloads)),
    atMost('highest median of 100 ms around reloads, × p99', 1, reloads.highestStep.around / reloads.p99),
    atMost(`memory with ${streams.wanted} idle WebSockets, MB`, 300, streams.memory.scaled),
    atMost('p50 with idle WebSockets, × without', 1.05, streams.p50.median),
    atMost('p99 with idle WebSockets, × without', 1.1, streams.p99.median),
  ]
}

function p99Ratio({ around, quiet }: Operations['reloads']): number {
  return around.median / quiet.median
}

/** Every fourth quiet second is as slow as this, against the one in the middle. */
function noiseOfQuiet({ quiet }: Operations['reloads']): number {
  return Math.round((quiet.high / quiet.median) * 100) / 100
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
