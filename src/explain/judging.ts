import type { Config } from '../config/schema.ts'
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

/** The session side of a gateway that has just started: nobody was seen, renewed or signed out. */
export function freshSessions({ config, clock }: GateParts) {
  return {
    refresher: { current: refreshedBy(config, clock) },
    ended: createEndedSessions({ clock }),
    generations: createGenerations(),
    limits: sessionLimits(config.session),
    cookieLines: () => [],
  }
}

/** What any bearer token comes to; whoever sends one without saying what is in it has sent one that nobody knows. */
export function tokenJudge({ bearer: section }: Config, { bearer }: Credentials) {
  return section && (() => bearer ?? { kind: 'refused' as const, fault: 'token-issuer-unknown' as const })
}

/** The judge of requests that come by themselves. */
export function directJudge(parts: GateParts, credentials: Credentials, sites: Sites): Judge {
  const { config, rules, clock } = parts
  const findCaller = createFindCaller({
    identify: createIdentify({ ...freshSessions(parts), clock }),
    identifyBearer: tokenJudge(config, credentials),
    needsToken: ({ upstream }) => upstream !== undefined && config.upstreams[upstream]?.token !== 'none',
  })
  return createJudge({ rules, sites, findCaller, clock })
}

/** What becomes of sessions whose access token ends: the provider is taken to be willing. */
function refreshedBy({ session }: Config, clock: () => number): (session: Session) => Outcome {
  return (held) =>
    held.tokens.refreshToken === undefined && isRefreshDue(held, session.refresh_before / 1000, clock())
      ? { kind: 'expired', reason: 'access-token-expired' }
      : { kind: 'current', session: held }
}
