import type { BearerOutcome } from '../core/bearer-token.ts'
import type { ProviderLog } from '../provider/provider-config.ts'
import type { Fetch } from '../provider/provider-fetch.ts'
import type { BearerConfig } from './bearer-config.ts'

/** The judge of bearer tokens. */
export type Bearer = Readonly<{
  /** Begins discovery in the background; never throws. */
  start: () => void
  /** Ends background work and open connections. */
  close: () => Promise<void>
  /** One check for each server that is needed, by its address. */
  readiness: () => Readonly<Record<string, Readonly<{ ok: boolean; reason?: string }>>>
  /** Judges a token; synchronous when it is known already. Never rejects. */
  identify: (token: string) => BearerOutcome | Promise<BearerOutcome>
}>

/** Makes the judge; `clock` gives epoch seconds. `ownClientId` is who ID tokens of this gateway are for. */
export function createBearer(_options: {
  config: BearerConfig
  ownClientId: string | undefined
  clock: () => number
  log: ProviderLog
  fetch?: Fetch
}): Bearer {
  throw new Error('not yet')
}
