import type { Test } from 'tap'
import { runFamily } from '../family.ts'
import { deviationRows } from '../rows.ts'
import type { Checks } from './case.ts'

/** Runs the rows of a data file that are about one of these places, each with its check; no check is without a row. */
export async function runChecks(
  t: Test,
  family: string,
  { file, checks, where }: { file: string; checks: Checks; where?: readonly string[] },
): Promise<void> {
  const rows = deviationRows(file).filter((row) => where?.includes(row.where) ?? true)
  await runFamily(
    t,
    family,
    rows,
    async ({ id }, t) => {
      const check = checks[id]
      if (check === undefined) throw new Error(`${id} is bound to no check`)
      await check(t)
    },
    ({ id, deviation }) => `${id} ${deviation}`,
  )
  await t.test('every check has its row', async (t) => {
    t.strictSame(Object.keys(checks).sort(), rows.map(({ id }) => id).sort())
  })
}
