import t from 'tap'
import { callbackChecks } from './provider/callback.ts'
import { discoveryChecks } from './provider/discovery.ts'
import { keyChecks } from './provider/keys.ts'
import { runChecks } from './provider/run.ts'

await runChecks(t, 'hostile provider, up to the callback', {
  file: 'provider-attacks.tsv',
  checks: { ...discoveryChecks, ...keyChecks, ...callbackChecks },
  where: [
    'discovery',
    'connection',
    'configuration',
    'keys',
    'authorization request',
    'authorization response',
    'cookies',
  ],
})
