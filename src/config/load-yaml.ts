import type { z } from 'zod'
import { type Environment, expandVariables } from './environment.ts'
import { issueMessage } from './issue-message.ts'
import { createLocator } from './locate.ts'
import { createPathSet, pathKey } from './path-set.ts'
import { ConfigError, type Line, type Path, type Problem } from './problem.ts'
import type { ReadTextFile } from './read-text-file.ts'
import { schemaFindings } from './schema-findings.ts'
import { parseYaml } from './yaml-syntax.ts'
import { readValue } from './yaml-value.ts'

/** What a YAML file says, and where it says it. */
export type Loaded<T> = Readonly<{
  data: T
  /** The line of what was written at a path. */
  lineOf: (path: Path) => Line
  /** Tells whether something was written at a path. */
  isWritten: (path: Path) => boolean
  /** Tells whether the text at a path stands in the file itself: no variable filled it in. */
  isLiteral: (path: Path) => boolean
  /** Something else that is wrong with what was written at a path, or with what is missing there. */
  problem: (path: Path, message: string) => Problem
}>

/**
 * Reads a YAML file, fills in variables and checks it by a schema.
 * Throws ConfigError with every problem there is, each with its line and column.
 */
export function loadYaml<T extends z.ZodType>(
  file: string,
  schema: T,
  { env, readFile }: Readonly<{ env: Environment; readFile: ReadTextFile }>,
): Loaded<z.output<T>> {
  const text = readSource(file, readFile)
  const { document, faults } = parseYaml(text)
  const locate = createLocator(file, text)
  if (faults.length > 0)
    throw new ConfigError(faults.map(({ offset, message }) => locate.offset(offset, [], message)))

  const { value, places, findings } = readValue(document, (scalar) => expandVariables(scalar, env))
  // Compiling the schema takes longer than it saves on the one value there is (measured: 10 of 42 ms when cold).
  const result = schema.safeParse(value, { error: issueMessage, jitless: true })
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
  const problem = (path: Path, message: string) => locate.finding(places, { path, message, at: 'value' })
  const lineOf = (path: Path) => {
    const { line } = problem(path, '')
    return { file, line }
  }
  const placeOf = (path: Path) => places.get(pathKey(path))
  return {
    data: result.data,
    lineOf,
    isWritten: (path) => placeOf(path) !== undefined,
    isLiteral: (path) => placeOf(path)?.isLiteral === true,
    problem,
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
