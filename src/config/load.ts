import { dirname, resolve } from 'node:path'
import { type CheckRules, noRuleProblems } from './config-relations.ts'
import { deepFreeze } from './deep-freeze.ts'
import type { Environment } from './environment.ts'
import { loadYaml } from './load-yaml.ts'
import type { Finding, Line, Path, Problem } from './problem.ts'
import { type ReadTextFile, readTextFile } from './read-text-file.ts'
import { type Config, configSchema } from './schema.ts'
import { warningsOf } from './warnings.ts'

/** What a configuration may draw on. */
export type LoadOptions = Readonly<{
  env: Environment
  /** Reads the file itself and those it names. */
  readFile?: ReadTextFile
  /** Judges its routes. */
  checkRules?: CheckRules
  /** Epoch milliseconds, for the times of certificates. */
  now?: () => number
}>

/** A configuration, and what its file looked like. */
export type Source = Readonly<{
  config: Config
  /** Where each of the routes is written. */
  routes: readonly Line[]
  /** Tells whether something was written at a path, be it a default by chance. */
  isWritten: (path: Path) => boolean
  /** Tells whether the text at a path stands in the file itself: no variable filled it in. */
  isLiteral: (path: Path) => boolean
  /** Says in which line and column something was found, or where what is missing belongs. */
  locate: (finding: Finding) => Problem
}>

/**
 * Reads a configuration file, fills in variables and files, checks it and freezes it.
 * Paths in it are relative to the file. Throws ConfigError with every problem there is.
 */
export function loadConfig(file: string, options: LoadOptions): Config {
  return loadSource(file, options).config
}

/** Does the same, and keeps where everything was written. */
export function loadSource(file: string, options: LoadOptions): Source {
  const { env, readFile = readTextFile, checkRules = noRuleProblems, now = Date.now } = options
  const read = (path: string) => readFile(resolve(dirname(file), path))
  const loaded = loadYaml(file, configSchema({ read, checkRules, now }), { env, readFile })
  const { data, lineOf, isWritten, isLiteral, problem } = loaded
  const locate = ({ path, message }: Finding) => problem(path, message)
  return {
    config: deepFreeze({ ...data, warnings: warningsOf(data, now()).map(locate) }),
    routes: data.routes.map((_, index) => lineOf(['routes', index])),
    isWritten,
    isLiteral,
    locate,
  }
}
