import { dirname, resolve } from 'node:path'
import { type CheckRules, noRuleProblems } from './config-relations.ts'
import { deepFreeze } from './deep-freeze.ts'
import type { Environment } from './environment.ts'
import { loadYaml } from './load-yaml.ts'
import type { Line } from './problem.ts'
import { type ReadTextFile, readTextFile } from './read-text-file.ts'
import { type Config, configSchema } from './schema.ts'

/** What a configuration may draw on: `readFile` reads the file itself and those it names, `checkRules` judges its routes. */
export type LoadOptions = Readonly<{ env: Environment; readFile?: ReadTextFile; checkRules?: CheckRules }>

/** A configuration, and where each of its routes is written. */
export type LocatedConfig = Readonly<{ config: Config; routes: readonly Line[] }>

/**
 * Reads a configuration file, fills in variables and files, checks it and freezes it.
 * Paths in it are relative to the file. Throws ConfigError with every problem there is.
 */
export function loadConfig(file: string, options: LoadOptions): Config {
  return loadLocatedConfig(file, options).config
}

/** The same, for those who have to say where a rule stands. */
export function loadLocatedConfig(file: string, options: LoadOptions): LocatedConfig {
  const { env, readFile = readTextFile, checkRules = noRuleProblems } = options
  const read = (path: string) => readFile(resolve(dirname(file), path))
  const { data, lineOf } = loadYaml(file, configSchema({ read, checkRules }), { env, readFile })
  return { config: deepFreeze(data), routes: data.routes.map((_, index) => lineOf(['routes', index])) }
}
