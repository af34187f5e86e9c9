import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Config } from './config/schema.ts'
import { foldHeaderName } from './core/headers.ts'
import type { OriginalSource } from './core/original-request.ts'
import type { RuleTable } from './core/rules.ts'
import { registerAuth } from './endpoints/auth.ts'
import { createFindCaller } from './gate/caller.ts'
import type { Challenges } from './gate/challenge.ts'
import type { Deny } from './gate/denial.ts'
import { createNeedsDetour } from './gate/detour.ts'
import { createIdentify } from './gate/identity.ts'
import { createJudge } from './gate/judge.ts'
import { createPermit } from './gate/permit.ts'
import type { JudgePreflight } from './gate/preflight.ts'
import { createRefuseCheck } from './gate/refuse-check.ts'
import type { RefuseToken } from './gate/refuse-token.ts'
import type { Respond } from './gate/respond.ts'
import type { Sites } from './gate/site.ts'
import { createExpiringMap } from './session/expiring-map.ts'
import type { Refresher } from './session/refresher.ts'
import type { Sessions } from './sessions.ts'
import type { Tokens } from './tokens.ts'

type ForwardAuth = NonNullable<Config['forward_auth']>

/** What the auth endpoint shares with the rest of the gateway. */
type Parts = Readonly<{
  sessions: Pick<Sessions, 'ended' | 'generations' | 'limits' | 'cookieLines'> &
    Readonly<{ refresher: Pick<Refresher, 'current'>; sightings?: Sessions['sightings'] }>
  tokens: Pick<Tokens, 'identify'>
  rules: RuleTable
  sites: Sites
  prefix: string
  defaultScheme: 'http' | 'https'
  clock: () => number
  logger: Pick<Logger, 'warn'>
  logError: (error: unknown, requestId: string) => void
  respond: Respond
  challenges: Challenges
  refuseToken: RefuseToken
  deny: Deny
  judgePreflight: JudgePreflight
}>

/** Browsers that were sent on a detour to get their cookie. */
const takenDetours = 100_000

/** Wires the auth endpoint to its part of the configuration. */
export function registerChecks(app: FastifyInstance, check: ForwardAuth, parts: Parts): void {
  const { sessions, tokens, clock, logger } = parts
  const isPassed = check.cookies === 'passed'
  const needsToken = check.token !== 'none' || check.access_token_header
  const findCaller = createFindCaller({
    identify: createIdentify({ ...sessions, clock, delivers: isPassed ? 'one' : 'none' }),
    identifyBearer: tokens.identify,
    needsToken: () => needsToken,
  })
  registerAuth(app, {
    ...parts,
    source: checkSource(check.preset),
    ignoresMethod: check.original_method === 'ignored',
    toldNames: new Set([...Object.keys(check.identity_headers), accessTokenHeader].map(foldHeaderName)),
    isRedirecting: check.mode === 'redirect',
    judge: createJudge({ ...parts, findCaller }),
    permit: createPermit({
      status: check.success_status,
      identityHeaders: check.identity_headers,
      token: check.token,
      hasAccessTokenHeader: check.access_token_header,
      cookieLines: isPassed ? sessions.cookieLines : () => [],
    }),
    refuse: createRefuseCheck({ ...parts, explain: createExplain(logger) }),
    needsDetour: createNeedsDetour({
      limits: sessions.limits,
      taken: createExpiringMap({ max: takenDetours, clock }),
      clock,
    }),
  })
}

/** Never a client's to set, whether it is told or not. */
const accessTokenHeader = 'x-auth-request-access-token'

/** Where each of the proxies that ask writes down what it asks about. */
export function checkSource(preset: ForwardAuth['preset']): OriginalSource {
  if (preset === 'nginx' || preset === 'ingress-nginx') return preset
  return preset === 'envoy' ? 'path' : 'forwarded'
}

/** Says what to do about checks that go wrong: once for each reason, since all of a proxy's go wrong in the same way. */
function createExplain(logger: Pick<Logger, 'warn'>): (reason: string, remedy: string) => void {
  const told = new Set<string>()
  return (reason, remedy) => {
    if (told.has(reason)) return
    told.add(reason)
    logger.warn({ reason }, `checks are refused: ${remedy}`)
  }
}
