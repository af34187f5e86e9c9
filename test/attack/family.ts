import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'

/**
 * Runs the rows of one family of attacks, each as a subtest of its own, and counts those that passed. Where
 * POSTERN_ATTACK_RESULTS names a folder, `<family>.json` there says how many of how many.
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
  report({ family, rows: rows.length, passed })
}

function report(result: Readonly<{ family: string; rows: number; passed: number }>): void {
  const folder = process.env['POSTERN_ATTACK_RESULTS']
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${result.family}.json`), JSON.stringify(result))
}
