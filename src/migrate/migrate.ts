import type { Preset } from '../config/schema-forward-auth.ts'
import { type Format, formats, formatsOf, readInput } from './read.ts'
import { settingsOf, type Written } from './settings.ts'
import { translate } from './translate.ts'
import { writeYaml } from './write-yaml.ts'

/** What was read of an oauth2-proxy configuration, in one format. */
export type Part = Readonly<{ format: Format; written: readonly Written[] }>

/**
 * Reads a text; without a format, that is told by the content, and may be more than one.
 * @throws {SyntaxProblem} when it is not of that format
 */
export function readParts(text: string, format?: Format): readonly Part[] {
  const found = format === undefined ? formatsOf(text) : [format]
  return found.map((format) => ({ format, written: readInput(text, format) }))
}

/**
 * Makes Postern's YAML of the parts of an oauth2-proxy configuration; flags go before variables, and those before files.
 * @throws {SyntaxProblem} when a value makes no sense and who may pass depends on it
 */
export function migrated(parts: readonly Part[], preset?: Preset): string {
  const ordered = formats.flatMap((format) => parts.filter((part) => part.format === format))
  return writeYaml(translate(settingsOf(ordered.map(({ written }) => written)), preset))
}
