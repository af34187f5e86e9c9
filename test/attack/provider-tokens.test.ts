import t from 'tap'
import { runChecks } from './provider/run.ts'
import { signOutChecks } from './provider/sign-out.ts'
import { tokenChecks } from './provider/tokens.ts'

await runChecks(t, 'hostile provider, from the code on', {
  file: 'provider-attacks.tsv',
  checks: { ...tokenChecks, ...signOutChecks },
  where: ['token endpoint', 'UserInfo', 'refresh', 'revocation', 'end session'],
})
