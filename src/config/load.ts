import { dirname, resolve } from 'node:path'
import { type CheckRules, noRuleProblems } from './config-relations.ts'
import { deepFreeze } from './deep-freeze.ts'
import { type Environment, expandVariables } from './environment.ts'
import { issueMessage } from './issue-message.ts'
import { createLocator } from './locate.ts'
import { createPathSet, pathKey } from './path-set.ts'
import { ConfigError, type Finding, type Path, type Problem } from './problem.ts'
import { type ReadTextFile, readTextFile } from './read-text-file.ts'
import { type Config, configSchema } from './schema.ts'
import { schemaFindings } from './schema-findings.ts'
import { warningsOf } from './warnings.ts'
import { parseYaml } from './yaml-syntax.ts'
import { readValue } from './yaml-value.ts'

/** What a configuration may draw on: `readFile` reads the file itself and those it names, `checkRules` judges its routes. */
export type LoadOptions = Readonly<{ env: Environment; readFile?: ReadTextFile; checkRules?: CheckRules }>

/** A configuration, and what its file looked like. */
export type Source = Readonly<{
  config: Config
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
  const { env, readFile = readTextFile, checkRules = noRuleProblems } = options
  const text = readSource(file, readFile)
  const { document, faults } = parseYaml(text)
  const locate = createLocator(file, text)
  if (faults.length > 0)
    throw new ConfigError(faults.map(({ offset, message }) => locate.offset(offset, [], message)))

  const { value, places, findings } = readValue(document, (scalar) => expandVariables(scalar, env))
  const read = (path: string) => readFile(resolve(dirname(file), path))
  const result = configSchema({ read, checkRules }).safeParse(value, { error: issueMessage })
  const unread = createPathSet(findings.filter(({ offset }) => offset === undefined).map(({ path }) => path))
  const fromSchema = (result.error?.issues ?? [])
    .flatMap((issue) => schemaFindings(issue))
    .filter(({ path }) => !unread.covers(path))
    .map((finding) => locate.finding(places, finding))
  const fromYaml = findings.map(({ path, message, offset }) =>
    offset === undefined
      ? locate.finding(places, { path, message, at: 'value' })
      : locate.offset(offset, path, message),
  )
  const problems = [...fromYaml, ...fromSchema].sort((a, b) => a.line - b.line || a.column - b.column)
  if (!result.success || problems.length > 0) throw new ConfigError(problems)
  const placeOf = (path: Path) => places.get(pathKey(path))
  const locateFinding = (finding: Finding) => locate.finding(places, { ...finding, at: 'value' })
  return {
    config: deepFreeze({ ...result.data, warnings: warningsOf(result.data).map(locateFinding) }),
    isWritten: (path) => placeOf(path) !== undefined,
    isLiteral: (path) => placeOf(path)?.isLiteral === true,
    locate: locateFinding,
  }
}

function readSource(file: string, readFile: ReadTextFile): string {
  try {
    return readFile(file)
  } catch (error) {
    const message = `cannot be read: ${(error as Error).message}`
    throw new ConfigError([{ file, line: 1, column: 1, path: '', message }])
  }
}
