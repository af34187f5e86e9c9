import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { checkSource } from '../check-source.ts'
import type { Config } from '../config/schema.ts'
import { registerAuth } from '../endpoints/auth.ts'
import type { Deny } from '../gate/denial.ts'
import { createNeedsDetour } from '../gate/detour.ts'
import { createPermit } from '../gate/permit.ts'
import type { JudgePreflight } from '../gate/preflight.ts'
import { createRefuseCheck } from '../gate/refuse-check.ts'
import type { RefuseToken } from '../gate/refuse-token.ts'
import { createExpiringMap } from '../session/expiring-map.ts'
import { sessionLimits } from '../session-cookies.ts'
import { type Judges, judgeOf } from './judging.ts'

/** Answers a check. */
export type CheckHandler = (request: FastifyRequest, reply: FastifyReply) => void

type CheckParts = Readonly<{
  judges: Judges
  judgePreflight: JudgePreflight
  defaultScheme: 'http' | 'https'
  refuseToken: RefuseToken
  deny: Deny
  refusals: Omit<Parameters<typeof createRefuseCheck>[0], 'explain'>
}>

/** The auth endpoint of a configuration, as it answers the proxies that ask. */
export function checkHandler(section: NonNullable<Config['forward_auth']>, parts: CheckParts): CheckHandler {
  const { judges, judgePreflight, defaultScheme, refuseToken, deny, refusals } = parts
  const { config, rules, clock } = judges.parts
  const { sites, prefix } = refusals
  const needsToken = section.token !== 'none' || section.access_token_header
  return handlerOf((app) =>
    registerAuth(app, {
      source: checkSource(section.preset),
      ignoresMethod: section.original_method === 'ignored',
      isRedirecting: section.mode === 'redirect',
      prefix,
      defaultScheme,
      sites,
      rules,
      // Whether the proxy that really asks is a trusted one cannot be known here.
      isTrusted: () => true,
      judge: judgeOf(judges, () => needsToken, section.cookies === 'passed' ? 'one' : 'none'),
      judgePreflight,
      permit: createPermit({
        status: section.success_status,
        identityHeaders: section.identity_headers,
        token: section.token,
        hasAccessTokenHeader: section.access_token_header,
        cookieLines: () => [],
      }),
      refuse: createRefuseCheck({ ...refusals, explain: () => {} }),
      refuseToken,
      deny,
      needsDetour: createNeedsDetour({
        limits: sessionLimits(config.session),
        taken: createExpiringMap({ max: 1, clock }),
        clock,
      }),
    }),
  )
}

/** The handler that is registered for any method, without an app to register it in. */
function handlerOf(register: (app: FastifyInstance) => void): CheckHandler {
  const handlers: CheckHandler[] = []
  register({
    all: (_path: string, handler: CheckHandler) => handlers.push(handler),
  } as unknown as FastifyInstance)
  return handlers[0] as CheckHandler
}
