import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'

/** Where the results go for the table of `npm run test:attack`; without it nothing is written. */
const folder = process.env['POSTERN_ATTACK_RESULTS']

/** How many rows SECURITY.md says that each family has. */
const published = new Map(
  [...readFileSync('SECURITY.md', 'utf8').matchAll(/^\| ([^|]+?) \| (\d+) \| (\d+) \|/gm)].map(
    ([, family = '', rows, passed]) => [family, { rows: Number(rows), passed: Number(passed) }],
  ),
)

/**
 * Runs the rows of one family of attacks, each as a subtest of its own, and counts those that passed. The table in
 * SECURITY.md must say the same.
 */
export async function runFamily<Row>(
  t: Test,
  family: string,
  rows: readonly Row[],
  check: (row: Row, t: Test) => Promise<void> | void,
  nameOf: (row: Row) => string = String,
): Promise<void> {
  let passed = 0
  for (const row of rows) {
    await t.test(nameOf(row), async (t) => {
      await check(row, t)
      if (t.passing()) passed += 1
    })
  }
  reportFamily(t, family, rows.length, passed)
}

/** Leaves the result of a family for the table, when there is to be one, and holds the published one against it. */
export function reportFamily(t: Test, family: string, rows: number, passed: number): void {
  const file = `${family.replace(/\W+/g, '-')}.json`
  if (folder !== undefined) writeFileSync(join(folder, file), JSON.stringify({ family, rows, passed }))
  t.strictSame(published.get(family), { rows, passed }, `SECURITY.md tells of ${family}`)
}
