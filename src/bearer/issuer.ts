import type { BearerOutcome } from '../core/bearer-token.ts'
import { createDiscovery, type Readiness, realSleep } from '../provider/discovery.ts'
import { fetchJsonDocument } from '../provider/json-document.ts'
import type { ProviderLog } from '../provider/provider-config.ts'
import type { ProviderFetch } from '../provider/provider-fetch.ts'
import { createSigningKeys } from '../provider/signing-keys.ts'
import type { IssuerConfig } from './bearer-config.ts'
import { createJwtVerifier } from './jwt.ts'
import { discoverEndpoint } from './server-metadata.ts'
import { callerOf } from './token-identity.ts'

/** A judged token, and how long that holds (epoch seconds). */
export type Judged = Readonly<{ outcome: BearerOutcome; until: number }>

/** One server whose word counts about tokens. */
export type TokenJudge = Readonly<{
  start: () => void
  close: () => void
  readiness: () => Readiness
  /** Rejects with a TokenRefusal, or with a PosternError when it cannot tell right now. */
  judge: (token: string) => Promise<Judged>
}>

/** What a judge needs of its surroundings. */
export type JudgeSurroundings = Readonly<{
  fetchFor: ProviderFetch['fetchFor']
  /** Epoch seconds. */
  clock: () => number
  log: ProviderLog
  dangerously_allow_http: boolean
  /** Seconds. */
  tolerance: number
}>

/** A verified token is verified again after so many seconds, so that keys which were withdrawn stop counting. */
const verifiedFor = 300

const acceptKeys = 'application/json, application/jwk-set+json'

/** Makes the judge of one issuer's JWTs; its keys are fetched in the background from the start on. */
export function createIssuer(
  config: IssuerConfig,
  ownClientId: string | undefined,
  surroundings: JudgeSurroundings,
): TokenJudge {
  const { fetchFor, clock, log, dangerously_allow_http, tolerance } = surroundings
  let address = config.jwks_uri
  const keys = createSigningKeys(
    () => fetchJsonDocument(fetchFor('keys'), address as string, acceptKeys),
    clock,
  )
  const discovery = createDiscovery({ load, clock, sleep: realSleep, log })
  const verify = createJwtVerifier({ config, keys, ownClientId, tolerance, clock })

  async function load(): Promise<true> {
    address =
      config.jwks_uri ??
      (await discoverEndpoint(
        'jwks_uri',
        { issuer: config.issuer, dangerously_allow_http },
        fetchFor('discovery'),
      ))
    await keys.ready()
    return true
  }

  return {
    start: discovery.start,
    close: discovery.close,
    readiness: discovery.readiness,
    async judge(token) {
      await discovery.get()
      const claims = await verify(token)
      const bearer = callerOf(token, claims, {
        scopeClaim: config.scope_claim,
        audience: config.audience,
        expiresAt: claims.exp,
      })
      const until = Math.min(claims.exp, clock() + verifiedFor)
      return { outcome: Object.freeze({ kind: 'verified', bearer }), until }
    },
  }
}
