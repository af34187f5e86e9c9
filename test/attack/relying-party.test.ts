import t from 'tap'
import { relyingPartyChecks } from './provider/relying-party.ts'
import { requestChecks } from './provider/requests.ts'
import { runChecks } from './provider/run.ts'

await runChecks(t, 'relying party', {
  file: 'relying-party.tsv',
  checks: { ...requestChecks, ...relyingPartyChecks },
})
