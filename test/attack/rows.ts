import { corpus } from '../support/corpus.ts'

/** One row of `test/data/jwt-attacks.tsv`. */
export type TokenRow = Readonly<{
  id: string
  attack: string
  /** ID, AT, UI, LT or OP. */
  where: readonly string[]
  expected: string
}>

/** All rows. */
export function allTokenRows(): readonly TokenRow[] {
  return corpus('jwt-attacks.tsv').map(([id, , attack, , where, expected]) => ({
    id: id as string,
    attack: attack as string,
    where: (where as string).split(','),
    expected: expected as string,
  }))
}

/** One row of a data file whose columns are id, where, deviation, expected and source. */
export type DeviationRow = Readonly<{ id: string; where: string; deviation: string; expected: string }>

/** The rows of such a file. */
export function deviationRows(file: string): readonly DeviationRow[] {
  return corpus(file).map(([id, where, deviation, expected]) => ({
    id: id as string,
    where: where as string,
    deviation: deviation as string,
    expected: expected as string,
  }))
}

/** A value as the name of a test: ASCII, on one line, not too long. */
export function named(value: unknown): string {
  const text = String(JSON.stringify(value)).slice(0, 40)
  return text.replace(/[^\x20-\x7e]/g, (char) => `U+${char.codePointAt(0)?.toString(16)}`)
}
