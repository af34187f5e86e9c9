import t from 'tap'
import { runFamily } from './family.ts'
import { callbackChecks } from './provider/callback.ts'
import type { Checks } from './provider/case.ts'
import { discoveryChecks } from './provider/discovery.ts'
import { keyChecks } from './provider/keys.ts'
import { signOutChecks } from './provider/sign-out.ts'
import { tokenChecks } from './provider/tokens.ts'
import { deviationRows } from './rows.ts'

const checks: Checks = {
  ...discoveryChecks,
  ...keyChecks,
  ...callbackChecks,
  ...tokenChecks,
  ...signOutChecks,
}
const rows = deviationRows('provider-attacks.tsv')

await runFamily(
  t,
  'hostile provider',
  rows,
  async ({ id }, t) => {
    const check = checks[id]
    if (check === undefined) throw new Error(`${id} is bound to no check`)
    await check(t)
  },
  ({ id, deviation }) => `${id} ${deviation}`,
)

t.test('every check has its row', (t) => {
  t.strictSame(Object.keys(checks).sort(), rows.map(({ id }) => id).sort())
  t.end()
})
