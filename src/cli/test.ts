import { writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Environment } from '../config/environment.ts'
import { loadSource } from '../config/load.ts'
import { loadYaml } from '../config/load-yaml.ts'
import { ConfigError } from '../config/problem.ts'
import { readTextFile } from '../config/read-text-file.ts'
import { ruleProblems } from '../core/rules.ts'
import { isFailed, testRunText } from '../rule-tests/as-text.ts'
import { junitXml } from '../rule-tests/junit.ts'
import { misfits, runRuleTests } from '../rule-tests/run.ts'
import { testFileSchema } from '../rule-tests/test-file.ts'

/** The options of `postern test`; files. */
export type TestOptions = Readonly<{ config?: string; junit?: string; requireAllRules: boolean }>

/** What the command takes from its surroundings; `clock` in epoch seconds. */
export type TestPlaces = Readonly<{ env: Environment; write: (text: string) => void; clock: () => number }>

/**
 * Runs a file of tests against a configuration, tells the results, and returns the exit code: 0 when all passed, else 1.
 * @throws {ConfigError} with every problem of either file
 */
export async function runTests(file: string, options: TestOptions, places: TestPlaces): Promise<number> {
  const { env, write, clock } = places
  const { data, lineOf, problem } = loadYaml(file, testFileSchema, { env, readFile: readTextFile })
  const named = data.config === undefined ? undefined : resolve(dirname(file), data.config)
  const configFile = options.config ?? named ?? env['POSTERN_CONFIG'] ?? 'config/postern.yaml'
  const located = loadSource(configFile, { env, checkRules: ruleProblems })
  const problems = data.tests.flatMap((test, index) =>
    misfits(test, located).map(({ path, message }) => problem(['tests', index, ...path], message)),
  )
  if (problems.length > 0) throw new ConfigError(problems)
  const tests = data.tests.map((test, index) => ({ test, at: lineOf(['tests', index]) }))
  const run = await runRuleTests(tests, located, clock)
  write(testRunText(run))
  if (options.junit !== undefined) {
    writeFileSync(options.junit, junitXml(run, file, options.requireAllRules))
  }
  const isIncomplete = options.requireAllRules && run.unreached.length > 0
  return isIncomplete || run.results.some(isFailed) ? 1 : 0
}
