import t from 'tap'
import { bearerChecks } from './provider/bearer.ts'
import { runChecks } from './provider/run.ts'

await runChecks(t, 'access tokens, times and kinds', {
  file: 'provider-attacks.tsv',
  checks: bearerChecks,
  where: ['bearer token', 'configuration of bearer tokens'],
})
