import type { CheckRules } from '../config/config-relations.ts'
import type { Environment } from '../config/environment.ts'
import { loadConfig } from '../config/load.ts'
import { ConfigError, renderProblem } from '../config/problem.ts'
import { badConfiguration } from './exit-code.ts'

/** Where the command looks and writes; `write` takes whole lines without their end. */
export type CheckOptions = Readonly<{
  env: Environment
  write: (line: string) => void
  checkRules?: CheckRules
}>

/** Checks a configuration file, tells the result, and returns the exit code: 0, or 78 with every problem listed. */
export function runCheck(file: string, { write, ...options }: CheckOptions): number {
  try {
    const { routes, upstreams, warnings } = loadConfig(file, options)
    for (const warning of warnings) write(`warning: ${warning}`)
    write(
      `${file} is valid: ${count(routes.length, 'route')}, ${count(Object.keys(upstreams).length, 'upstream')}`,
    )
    return 0
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const problem of error.problems) write(renderProblem(problem))
    return badConfiguration
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
