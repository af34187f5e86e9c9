import { shownName } from './shown-name.ts'

/** Where a value lies in the configuration: `['routes', 2, 'scopes']`. */
export type Path = readonly (string | number)[]

/** Something found at a path of a configuration; the message ends with what to do about it. */
export type Finding = Readonly<{ path: Path; message: string }>

/** One thing wrong with a configuration file. Lines and columns count from 1. */
export type Problem = Readonly<{ file: string; line: number; column: number; path: string; message: string }>

/** Where something is written; lines count from 1. */
export type Line = Readonly<{ file: string; line: number }>

/** A configuration file that cannot be used, with everything that is wrong with it. Never holds a secret. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map(renderProblem).join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/** The problems that a ConfigError tells of; anything else is thrown on. */
export function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof ConfigError) return error.problems
  throw error
}

/** Writes a problem as one line: `postern.yaml:12:13  routes[2].scopes  must be a list of strings`. */
export function renderProblem({ file, line, column, path, message }: Problem): string {
  return [`${file}:${line}:${column}`, path, message].filter((part) => part !== '').join('  ')
}

/** Writes a warning as one line, beside those of `renderProblem`: `postern.yaml:12:13  warning  routes[2].path  is …`. */
export function renderWarning({ file, line, column, path, message }: Problem): string {
  return [`${file}:${line}:${column}`, 'warning', path, message].join('  ')
}

/** Writes a path as people do: `routes[2].claims["a b"]`. */
export function renderPath(path: Path): string {
  return path.map(renderSegment).join('').replace(/^\./, '')
}

function renderSegment(segment: string | number): string {
  if (typeof segment === 'number') return `[${segment}]`
  const name = shownName(segment)
  return /^[\w-]+$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
}
