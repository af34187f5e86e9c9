import type { CheckRules } from '../config/config-relations.ts'
import type { Environment } from '../config/environment.ts'
import { loadSource } from '../config/load.ts'
import { type Problem, problemsOf, renderProblem, renderWarning } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import { ruleProblems } from '../core/rules.ts'
import { lint } from '../lint/lint.ts'
import { badConfiguration } from './exit-code.ts'

/** Where the command looks and writes; `write` takes whole lines without their end. By default it is lenient, and tells text. */
export type CheckOptions = Readonly<{
  env: Environment
  write: (line: string) => void
  checkRules?: CheckRules
  /** Whether warnings fail like errors. */
  strict?: boolean
  format?: 'text' | 'json'
}>

/** A sound configuration with its warnings, or the errors of one that is not. */
type Report = Readonly<{ config: Config; warnings: readonly Problem[] }> | readonly Problem[]

/**
 * Checks a configuration file, tells every error, or else every warning, and returns the exit code: 0, or 78 with errors,
 * and with warnings when it is strict.
 */
export function runCheck(file: string, options: CheckOptions): number {
  const { write, strict = false, format = 'text' } = options
  const report = examine(file, options)
  const isGood = 'config' in report && !(strict && report.warnings.length > 0)
  const lines = format === 'json' ? [asJson(file, report, isGood)] : asText(file, report, isGood)
  for (const line of lines) write(line)
  return isGood ? 0 : badConfiguration
}

function examine(file: string, { env, checkRules = ruleProblems }: CheckOptions): Report {
  try {
    const source = loadSource(file, { env, checkRules })
    return { config: source.config, warnings: lint(source) }
  } catch (error) {
    return problemsOf(error)
  }
}

function asText(file: string, report: Report, isGood: boolean): readonly string[] {
  if (!('config' in report)) return report.map(renderProblem)
  const { config, warnings } = report
  const told = warnings.length === 0 ? [] : [count(warnings.length, 'warning')]
  const counts = [
    count(config.routes.length, 'route'),
    count(Object.keys(config.upstreams).length, 'upstream'),
    ...told,
  ]
  const verdict = isGood
    ? `${file} is valid: ${counts.join(', ')}`
    : `${file} has ${told.join()}, which --strict does not let pass`
  return [...warnings.map(renderWarning), verdict]
}

function asJson(file: string, report: Report, isGood: boolean): string {
  const findings =
    'config' in report ? withSeverity('warning', report.warnings) : withSeverity('error', report)
  return JSON.stringify({ file, valid: isGood, findings })
}

function withSeverity(severity: 'error' | 'warning', problems: readonly Problem[]) {
  return problems.map(({ line, column, path, message }) => ({ severity, line, column, path, message }))
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
