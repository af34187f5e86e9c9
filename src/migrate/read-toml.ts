import { parse, type TomlError } from 'smol-toml'
import type { Written } from './settings.ts'
import { SyntaxProblem } from './syntax-problem.ts'

/** Deeper than any option is, and far from where a recursive parser would run out of stack. */
const maxDepth = 16

/**
 * Reads the configuration file of oauth2-proxy.
 * @throws {SyntaxProblem} when it is not TOML
 */
export function readToml(text: string): Written[] {
  return Object.entries(parsed(text)).map(([name, value]) => ({
    name,
    values: valuesOf(value),
    isWhole: Array.isArray(value),
  }))
}

function parsed(text: string): Record<string, unknown> {
  try {
    return parse(text, { maxDepth, unsafeKeyBehaviour: 'throw', integersAsBigInt: 'asNeeded' })
  } catch (error) {
    // Its message has lines of the file after the first one, which may hold a secret.
    const { message, line, column } = error as TomlError
    const [what = ''] = message.replace('Invalid TOML document: ', '').split('\n')
    throw new SyntaxProblem(line, column, `is not TOML: ${what}`)
  }
}

/** What is no plain value is none. */
function valuesOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value])
    .filter((item) => ['string', 'number', 'bigint', 'boolean'].includes(typeof item))
    .map(String)
}
