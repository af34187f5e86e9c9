import type { Config } from '../config/schema.ts'
import type { PathJudgement } from '../core/judge-path.ts'
import type { RuleTable } from '../core/rules.ts'
import type { Session } from '../core/session.ts'
import { createFindCaller } from '../gate/caller.ts'
import { createIdentify } from '../gate/identity.ts'
import { createJudge, type Judge } from '../gate/judge.ts'
import type { Sites } from '../gate/site.ts'
import { createEndedSessions } from '../session/ended-sessions.ts'
import { createGenerations } from '../session/generations.ts'
import { isRefreshDue } from '../session/refresh-due.ts'
import type { Outcome } from '../session/refresh-outcome.ts'
import { sessionLimits } from '../session-cookies.ts'
import type { Credentials } from './credentials.ts'

/** The gateway as far as it decides: nothing listens, nothing is sent. */
export type GateParts = Readonly<{
  config: Config
  rules: RuleTable
  /** Epoch seconds. */
  clock: () => number
}>

/** What judges are made of; each leaves in `found` what it found. */
export type Judges = Readonly<{
  parts: GateParts
  credentials: Credentials
  sites: Sites
  found: { judgement?: PathJudgement }
}>

/** Tells whether a session without a usable access token will not do. */
type TokenNeed = Parameters<typeof createFindCaller>[0]['needsToken']

/** The judge of the gateway, for callers that are made up or were in a cookie. */
export function judgeOf(
  { parts, credentials, sites, found }: Judges,
  needsToken: TokenNeed,
  delivers?: 'one' | 'none',
): Judge {
  const { config, rules, clock } = parts
  const { bearer } = credentials
  const identify = createIdentify({
    refresher: { current: refreshedBy(config, clock) },
    ended: createEndedSessions({ clock }),
    generations: createGenerations(),
    limits: sessionLimits(config.session),
    clock,
    ...(delivers !== undefined && { delivers }),
  })
  const findCaller = createFindCaller({
    identify,
    // Whoever sends a token without saying what is in it has sent one that nobody knows.
    identifyBearer: config.bearer && (() => bearer ?? { kind: 'refused', fault: 'token-issuer-unknown' }),
    needsToken,
  })
  const judge = createJudge({ rules, sites, findCaller, clock })
  return {
    findRules: (request) => {
      found.judgement = judge.findRules(request)
      return found.judgement
    },
    decide: judge.decide,
  }
}

/** What becomes of sessions whose access token ends: the provider is taken to be willing. */
function refreshedBy({ session }: Config, clock: () => number): (session: Session) => Outcome {
  return (held) =>
    held.tokens.refreshToken === undefined && isRefreshDue(held, session.refresh_before / 1000, clock())
      ? { kind: 'expired', reason: 'access-token-expired' }
      : { kind: 'current', session: held }
}

/** The need of the upstreams. */
export function tokenNeedOf({ upstreams }: Config): TokenNeed {
  return ({ upstream }) => upstream !== undefined && upstreams[upstream]?.token !== 'none'
}
