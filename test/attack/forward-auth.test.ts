import t from 'tap'
import { type Place, startPlace } from './asked.ts'
import { answerChecks } from './asked-answers.ts'
import { headerChecks } from './asked-headers.ts'
import { targetChecks } from './asked-targets.ts'
import { runAttacks } from './attacks.ts'

let place: Place

t.test('forward-auth', async (t) => {
  place = await startPlace(t)
  const get = () => place
  const checks = { ...headerChecks(get), ...targetChecks(get), ...answerChecks(get) }
  await runAttacks(t, 'forward-auth', 'forward-auth-attacks.tsv', checks)
})
