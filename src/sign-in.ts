import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Config } from './config/schema.ts'
import type { KnownWishes } from './core/authorization-wish.ts'
import { createCallback } from './endpoints/callback.ts'
import { type EndpointTable, registerEndpoints } from './endpoints/endpoints.ts'
import { createLogin } from './endpoints/login.ts'
import { createLogout } from './endpoints/logout.ts'
import { createRenew } from './endpoints/renew.ts'
import { createReturnTo } from './endpoints/return-to.ts'
import { createSessionEndpoint } from './endpoints/session.ts'
import { createUserinfo } from './endpoints/userinfo.ts'
import type { Answers } from './gate/answer.ts'
import type { BeginLogin } from './gate/begin-login.ts'
import { createIdentify, type Identify } from './gate/identity.ts'
import type { TellLoginProblem } from './gate/login-problem.ts'
import type { Respond } from './gate/respond.ts'
import type { Sites } from './gate/site.ts'
import type { Provider } from './provider/provider.ts'
import type { Sessions } from './sessions.ts'

type Parts = Readonly<{
  config: Config
  sites: Sites
  sessions: Sessions
  provider: Provider
  trust: Readonly<{ isTrusted: (peer: string | undefined) => boolean }>
  /** Epoch seconds. */
  clock: () => number
  beginLogin: BeginLogin
  wishes: KnownWishes
  answers: Answers
  respond: Respond
  loginProblem: TellLoginProblem
  identify: Identify
}>

/** Wires our own endpoints for people who sign in. */
export function registerSignIn(router: FastifyInstance, parts: Parts): void {
  registerEndpoints(router, parts.config.server.prefix, parts.answers, endpointsOf(parts))
}

function endpointsOf(parts: Parts): EndpointTable {
  const { config, sites, sessions, provider, trust, clock, beginLogin, wishes } = parts
  const { respond, loginProblem, identify } = parts
  const { prefix } = config.server
  const { sessionOf } = sessions
  const returnTo = createReturnTo({ sites, prefix, isTrusted: trust.isTrusted })
  const login = createLogin({
    sites,
    beginLogin,
    respond,
    loginProblem,
    sessionOf,
    returnTo,
    wishes,
    isAskedByProxy: config.forward_auth !== undefined,
  })
  const { sightings: _, ...unsighted } = sessions
  const renew = createRenew({
    sites,
    // What the browser holds counts here, not what this process knows beside it.
    identify: createIdentify({ ...unsighted, clock }),
    respond,
    returnTo,
  })
  return {
    start: { GET: login },
    sign_in: { GET: login },
    ...(config.forward_auth !== undefined && { renew: { GET: renew } }),
    callback: {
      GET: createCallback({
        sites,
        beginLogin,
        respond,
        loginProblem,
        usedStates: sessions.usedStates,
        sessionOf,
        exchange: provider.exchange,
        endSession: sessions.end,
        createSessionId: () => randomBytes(16).toString('base64url'),
        clock,
      }),
    },
    userinfo: { GET: createUserinfo({ sites, prefix, identify, respond }) },
    session: {
      GET: createSessionEndpoint({ sites, prefix, respond, sessionOf, secondsLeft: sessions.secondsLeft }),
    },
    ...createLogout({
      sites,
      prefix,
      respond,
      sessionOf,
      endSession: sessions.end,
      endSessionUrl: provider.endSessionUrl,
      seal: sessions.sealReturn,
      open: sessions.openReturn,
    }),
  }
}
