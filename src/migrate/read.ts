import { readEnvironment } from './read-environment.ts'
import { readFlags } from './read-flags.ts'
import { readToml } from './read-toml.ts'
import type { Written } from './settings.ts'

/** The formats of an oauth2-proxy configuration, the one that others override first. */
export const formats = ['toml', 'env', 'flags'] as const

export type Format = (typeof formats)[number]

const readers: Readonly<Record<Format, (text: string) => Written[]>> = {
  toml: readToml,
  env: readEnvironment,
  flags: readFlags,
}

/**
 * Reads one input.
 * @throws {SyntaxProblem} when it is not of that format
 */
export function readInput(text: string, format: Format): Written[] {
  return readers[format](text)
}

/** Tells what is in a text by its lines, comments left out: TOML, or variables, or flags, or both of these. */
export function formatsOf(text: string): readonly Format[] {
  const lines = text.split('\n').filter((line) => !/^\s*(?:#|$)/.test(line))
  const has = (pattern: RegExp) => lines.some((line) => pattern.test(line))
  const isEnv = has(/^\s*(?:-\s+)?["']?(?:name:\s+["']?|export\s+)?OAUTH2_PROXY_/)
  if (!isEnv && /^\s*\w[\w-]*\s*=/.test(lines[0] ?? '')) return ['toml']
  const isFlags = has(/(?:^|[\s"'[,])--?[a-z][\w-]+/i)
  if (isEnv) return isFlags ? ['env', 'flags'] : ['env']
  return isFlags ? ['flags'] : ['toml']
}
