import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'

/**
 * Runs one family of attacks: each row is a subtest, named by `nameOf` (its text unless given). Where the environment
 * variable POSTERN_ATTACK_RESULTS names a folder, the count of rows and of those that passed is written there.
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
    const didPass = await t.test(nameOf(row), async (t) => {
      t.teardown(() => {
        if (t.passing()) passed += 1
      })
      await check(row, t)
    })
    void didPass
  }
  report(family, rows.length, passed)
}

function report(family: string, rows: number, passed: number): void {
  const folder = process.env['POSTERN_ATTACK_RESULTS']
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${family}.json`), JSON.stringify({ family, rows, passed }))
}
