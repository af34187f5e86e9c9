import { ConfigError } from '../config/problem.ts'
import { readTextFile } from '../config/read-text-file.ts'
import type { Preset } from '../config/schema-forward-auth.ts'
import { migrated, type Part, readParts } from '../migrate/migrate.ts'
import type { Format } from '../migrate/read.ts'
import { SyntaxProblem } from '../migrate/syntax-problem.ts'

type MigrateOptions = Readonly<{ format?: Format; preset?: Preset; write: (text: string) => void }>

/**
 * Prints Postern's YAML for an oauth2-proxy configuration, of one file or of several.
 * @throws {ConfigError} when a file cannot be read or understood; it says where, and shows nothing of the content
 */
export function runMigrate(files: readonly string[], { format, preset, write }: MigrateOptions): void {
  const parts = files.flatMap((file) => at(file, () => partsOf(file, format)))
  write(at(files[0] as string, () => migrated(parts, preset)))
}

function partsOf(file: string, format: Format | undefined): readonly Part[] {
  return readParts(textOf(file), format)
}

function textOf(file: string): string {
  try {
    return readTextFile(file)
  } catch (error) {
    throw new SyntaxProblem(1, 1, `cannot be read: ${(error as Error).message}`)
  }
}

function at<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error
    const { line, column, message } = error
    throw new ConfigError([{ file, line, column, path: '', message }])
  }
}
