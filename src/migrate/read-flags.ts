import { flagNamed } from './option-names.ts'
import { options } from './options.ts'
import type { Written } from './settings.ts'
import { wordsOf } from './words.ts'

/**
 * Reads the flags of a command line: `--name=value`, `--name value`, or `--name` alone for a switch; and variables, as
 * they stand before a command or behind `-e`. Words that are neither are passed over: the program, and what belongs to others.
 * @throws {SyntaxProblem} when a quote is not closed
 */
export function readFlags(text: string): Written[] {
  const words = wordsOf(text)
  const variables = words.flatMap((word) => {
    const [, name, value = ''] = /^OAUTH2_PROXY_(\w+)=([\s\S]*)$/.exec(word) ?? []
    return name === undefined ? [] : [{ name, values: [value] }]
  })
  return [...variables, ...flagsOf(words)]
}

function flagsOf(words: readonly string[]): Written[] {
  const found = new Map<string, string[]>()
  for (const [index, word] of words.entries()) {
    const [, name, value] = /^--?([a-z][\w-]*)(?:=([\s\S]*))?$/i.exec(word) ?? []
    if (name === undefined) continue
    const key = flagNamed(name) ?? name
    const values = found.get(key) ?? []
    values.push(value ?? valueBehind(key, words[index + 1]))
    found.set(key, values)
  }
  return [...found].map(([name, values]) => ({ name, values }))
}

/** A switch takes no word behind it; anything else does, unless that is a flag. */
function valueBehind(key: string, next: string | undefined): string {
  if (Object.hasOwn(options, key) && options[key]?.kind === 'switch') return 'true'
  return next === undefined || next.startsWith('-') ? '' : next
}
