import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'

/** Where the results go for the table of `npm run test:attack`; without it nothing is written. */
const folder = process.env['POSTERN_ATTACK_RESULTS']

/**
 * Tries each row of a family and asserts that nothing came of it: `attack` gives a complaint for everything that
 * should not have happened. How many rows there are and how many passed is left for the table.
 */
export async function runFamily<Row>(
  t: Test,
  family: string,
  rows: readonly Row[],
  nameOf: (row: Row) => string,
  attack: (row: Row) => Promise<readonly string[]>,
): Promise<void> {
  let passed = 0
  for (const row of rows) {
    const complaints = await attack(row).catch((error: Error) => [error.message])
    if (t.strictSame(complaints, [], nameOf(row))) passed += 1
  }
  t.ok(rows.length > 0, 'there are rows')
  reportFamily(family, rows.length, passed)
}

/** Leaves the result of a family for the table, when there is to be one. */
export function reportFamily(family: string, rows: number, passed: number): void {
  if (folder === undefined) return
  const file = join(folder, `${family.replace(/\W+/g, '-')}.json`)
  writeFileSync(file, JSON.stringify({ family, rows, passed }))
}
