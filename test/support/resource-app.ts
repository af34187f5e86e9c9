import { type AddressInfo, connect } from 'node:net'
import type { Test } from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import type { BearerOutcome } from '../../src/core/bearer-token.ts'
import { compileRules, ruleProblems } from '../../src/core/rules.ts'
import { registerResourceMetadata } from '../../src/endpoints/resource-metadata.ts'
import { createAnswers } from '../../src/gate/answer.ts'
import type { BeginLogin } from '../../src/gate/begin-login.ts'
import { createFindCaller } from '../../src/gate/caller.ts'
import { createChallenges } from '../../src/gate/challenge.ts'
import { createDeny } from '../../src/gate/denial.ts'
import { createFront } from '../../src/gate/front.ts'
import { createGuard } from '../../src/gate/guard.ts'
import { createJudge } from '../../src/gate/judge.ts'
import type { TellLoginProblem } from '../../src/gate/login-problem.ts'
import { createOriginOf } from '../../src/gate/origin.ts'
import { createJudgePreflight, createPreflight } from '../../src/gate/preflight.ts'
import { createRefuseToken } from '../../src/gate/refuse-token.ts'
import { createRequestIds } from '../../src/gate/request-id.ts'
import { createRespond } from '../../src/gate/respond.ts'
import { createRouter } from '../../src/gate/router.ts'
import { type CookieKit, createSites } from '../../src/gate/site.ts'
import { createListener, type Service } from '../../src/listener/listener.ts'
import { createTurns } from '../../src/listener/turns.ts'
import { createTrust } from '../../src/proxy/forwarded.ts'
import { upgradeResponse } from '../../src/proxy/upgrade.ts'
import { isWebSocket } from '../../src/proxy/web-socket.ts'
import { record } from './recorder.ts'

type ResourceApp = Readonly<{
  /** Sends one request to a host as bytes, and gives all that came back. */
  ask: (host: string, line: string, headers?: readonly string[]) => Promise<string>
}>

/**
 * The part of a gateway without a provider and upstreams: routes, challenges, and the metadata that they name. The only
 * token that counts is `good`, for whatever has no conditions; whoever passes gets 418.
 */
export async function startResourceApp(t: Test, yaml: string): Promise<ResourceApp> {
  const config = loadConfig('test.yaml', { env: {}, readFile: () => yaml, checkRules: ruleProblems })
  const { issuers, introspection } = config.bearer as NonNullable<typeof config.bearer>
  const servers = introspection === undefined ? issuers : [...issuers, introspection]
  const { prefix, public_url: publicUrls, trusted_proxies: proxies } = config.server
  const sites = createSites({ publicUrls, prefix, cookiesFor: () => nobodys as CookieKit })
  const defaultScheme = sites.primary.scheme
  const rules = compileRules(config.routes)
  const respond = createRespond(prefix, () => [])
  const loginProblem = nobodys as TellLoginProblem
  const logError = (error: unknown) => t.error(error)
  const answers = createAnswers({ respond, sites, loginProblem, logError })
  const audiences = servers.flatMap(({ audience }) => audience)
  const challenges = createChallenges({ sites, prefix, defaultScheme, audiences })
  const refuseToken = createRefuseToken(respond, challenges)
  const beginLogin = nobodys as unknown as BeginLogin
  const app = createRouter((request, reply) => answers.badRequest(request, reply, 'unroutable'))
  app.decorateRequest('visit')
  app.addHook(
    'onRequest',
    createFront({
      sites,
      answers,
      ruleKnowsHost: rules.knowsHost,
      isCheck: () => false,
      originOf: createOriginOf(createTrust(proxies), defaultScheme),
      createRequestId: createRequestIds(),
      turns: createTurns(),
      onBegin: () => undefined,
      onDrop: () => undefined,
      onEnd: () => undefined,
      elapsed: () => 0,
      shed: () => undefined,
    }),
  )
  registerResourceMetadata(app, { rules, servers, defaultScheme, respond, answers })
  app.register((guarded, _options, done) => {
    guarded.addHook(
      'onRequest',
      createGuard({
        judge: createJudge({
          rules,
          sites,
          findCaller: createFindCaller({ identify: () => ({}), identifyBearer, needsToken: () => true }),
          clock: () => 0,
        }),
        prefix,
        answers,
        deny: createDeny({ respond, sites, prefix, challenges, refuseToken, beginLogin, loginProblem }),
        refuseToken,
        preflight: createPreflight(createJudgePreflight(rules), respond),
      }),
    )
    guarded.all('/*', (_request, reply) => reply.code(418).send())
    done()
  })
  await app.ready()
  const service: Service = {
    handle: app.routing,
    unreadable: {
      refuseBytes: (_error, socket) => void socket.destroy(),
      refuseRequest: (_error, response) => void response.destroy(),
    },
    tls: undefined,
    limits: {
      maxHeaderBytes: 49_152,
      headersTimeout: 5_000,
      requestTimeout: 'none',
      keepAliveTimeout: 5_000,
      sendTimeout: 'none',
      maxRequestsPerConnection: 'none',
      maxConnections: 'none',
    },
  }
  const listener = createListener(service, { isWebSocket, upgradeResponse })
  await listener.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(listener.close)
  const { port } = listener.server.address() as AddressInfo
  return {
    ask: async (host, line, headers = []) => {
      const connection = record(connect(port, '127.0.0.1'))
      connection.send(
        [`${line} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...headers, '', ''].join('\r\n'),
      )
      await connection.closed
      return connection.bytes()
    },
  }
}

function identifyBearer(token: string): BearerOutcome {
  if (token !== 'good') return { kind: 'refused', fault: 'token-expired' }
  const bearer = { token, claims: {}, scopes: [], audiences: [], expiresAt: Number.POSITIVE_INFINITY }
  return { kind: 'verified', bearer }
}

/** Nobody signs in here. */
const nobodys: unknown = Object.freeze({})
