import type { BearerOutcome, TokenFault } from '../core/bearer-token.ts'
import type { PosternError } from '../core/errors.ts'
import type { ProviderLog } from '../provider/provider-config.ts'
import { createProviderFetch, type Fetch, type OnAnswer } from '../provider/provider-fetch.ts'
import type { BearerConfig, IntrospectionConfig } from './bearer-config.ts'
import { createIntrospection } from './introspection.ts'
import { createIssuer, type JudgeSurroundings, type TokenJudge } from './issuer.ts'
import { unverifiedClaims } from './jwt.ts'
import { createSingleFlight } from './single-flight.ts'
import { createTokenCache, digestOf } from './token-cache.ts'
import { TokenRefusal } from './token-refusal.ts'

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

/** A judge, what it is called, and how long its refusals hold, in seconds: those of an issuer's keys cost too little to keep. */
type Court = Readonly<{ judge: TokenJudge; name: string; refusedFor: number }>

/** No token is longer than this, in characters. */
const maxLength = 16_384
/** Seconds after which to ask again, where the server did not say. */
const retryAfter = 5

/** Makes the judge; `clock` gives epoch seconds. `ownClientId` is who ID tokens of this gateway are for. */
export function createBearer(options: {
  config: BearerConfig
  ownClientId: string | undefined
  clock: () => number
  log: ProviderLog
  fetch?: Fetch
  onAnswer?: OnAnswer
}): Bearer {
  const { config, ownClientId, clock, log } = options
  const { dangerously_allow_http, introspection } = config
  const wire = createProviderFetch({
    ca: config.tls.ca,
    timeoutMs: config.timeout,
    clock,
    onAnswer: options.onAnswer ?? (() => {}),
    fetch: options.fetch,
  })
  const surroundings: JudgeSurroundings = {
    fetchFor: wire.fetchFor,
    clock,
    log,
    dangerously_allow_http,
    tolerance: config.clock_tolerance / 1000,
  }
  const issuers = new Map<string, Court>(
    config.issuers.map((issuer) => [
      issuer.issuer,
      { judge: createIssuer(issuer, ownClientId, surroundings), name: issuer.issuer, refusedFor: 0 },
    ]),
  )
  const fallback = introspection && introspectionCourt(introspection)
  const courts = [...issuers.values(), ...(fallback === undefined ? [] : [fallback])]
  // A token has one competent judge, so its hash stands for issuer and audience too. Refusals have a place of their own:
  // made-up tokens must not push out good ones.
  const verified = createTokenCache(clock)
  const turnedDown = createTokenCache(clock)
  const once = createSingleFlight<BearerOutcome>()

  return {
    start() {
      for (const { judge } of courts) judge.start()
    },
    async close() {
      for (const { judge } of courts) judge.close()
      await wire.close()
    },
    readiness: () => Object.fromEntries(courts.map(({ name, judge }) => [name, checkOf(judge)])),
    identify,
  }

  function introspectionCourt(section: IntrospectionConfig): Court {
    const { issuer, endpoint, cache } = section
    const judge = createIntrospection(section, surroundings)
    return { judge, name: `introspection ${issuer ?? endpoint}`, refusedFor: cache / 1000 }
  }

  function identify(token: string): BearerOutcome | Promise<BearerOutcome> {
    if (token.length > maxLength) return refused('token-malformed')
    const digest = digestOf(token)
    const known = verified.get(digest) ?? turnedDown.get(digest)
    if (known !== undefined) return known
    const claims = unverifiedClaims(token)
    // Whose token it says it is decides who may judge it; no other server ever sees it.
    const competent = issuerNamed(claims?.['iss']) ?? fallback
    if (competent === undefined)
      return refused(claims === undefined ? 'token-malformed' : 'token-issuer-unknown')
    return once(digest, () => judged(competent, token, digest))
  }

  /** Text only: to write out what else a stranger may put there, nested as deep as it is, takes more stack than there is. */
  function issuerNamed(iss: unknown): Court | undefined {
    return typeof iss === 'string' ? issuers.get(iss) : undefined
  }

  async function judged(competent: Court, token: string, digest: string): Promise<BearerOutcome> {
    try {
      const { outcome, until } = await competent.judge.judge(token)
      verified.set(digest, outcome, until)
      return outcome
    } catch (error) {
      if (error instanceof TokenRefusal) return turnDown(error, digest, competent.refusedFor)
      const { code, detail, retryAfter: wait } = error as PosternError
      log.warn({ code, detail, server: competent.name }, 'a token cannot be judged')
      return { kind: 'unavailable', retryAfter: wait ?? retryAfter }
    }
  }

  function turnDown({ fault }: TokenRefusal, digest: string, seconds: number): BearerOutcome {
    const outcome = refused(fault)
    if (seconds > 0) turnedDown.set(digest, outcome, clock() + seconds)
    return outcome
  }
}

function checkOf(judge: TokenJudge) {
  const state = judge.readiness()
  return state.ready ? { ok: true } : { ok: false, reason: state.reason }
}

function refused(fault: TokenFault): BearerOutcome {
  return Object.freeze({ kind: 'refused', fault })
}
