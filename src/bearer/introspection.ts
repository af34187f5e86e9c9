import * as client from 'openid-client'
import { PosternError } from '../core/errors.ts'
import type { Claims } from '../core/session.ts'
import { createClientAuthentication } from '../provider/client-authentication.ts'
import { createDiscovery, realSleep } from '../provider/discovery.ts'
import { isObject, parseJson } from '../provider/json-document.ts'
import { isUnsupportedTokenType, translate } from '../provider/provider-errors.ts'
import type { Fetch } from '../provider/provider-fetch.ts'
import type { IntrospectionConfig } from './bearer-config.ts'
import type { Judged, JudgeSurroundings, TokenJudge } from './issuer.ts'
import { discoverEndpoint } from './server-metadata.ts'
import { audiencesOf, callerOf } from './token-identity.ts'
import { isForeign } from './token-kind.ts'
import { TokenRefusal } from './token-refusal.ts'

const inactive: Claims = Object.freeze({ active: false })

/** Questions under way at once: made-up tokens must not open any number of connections. */
const maxQuestions = 64

/**
 * Makes the judge of tokens that only their server can read. A token is what the server says it is, for us and now.
 * @see RFC 7662 sections 2 and 4
 */
export function createIntrospection(
  config: IntrospectionConfig,
  surroundings: JudgeSurroundings,
): TokenJudge {
  const { clock, log, tolerance } = surroundings
  const authentication = createClientAuthentication(config)
  const strict = withStrictAnswers(surroundings.fetchFor('introspection'))
  const discovery = createDiscovery({
    load: () => endpointOf(config, surroundings),
    clock,
    sleep: realSleep,
    log,
  })
  let questions = 0

  async function ask(token: string): Promise<Claims> {
    const endpoint = await discovery.get()
    const metadata = { issuer: config.issuer ?? endpoint, introspection_endpoint: endpoint }
    const configuration = new client.Configuration(metadata, config.client_id, undefined, authentication)
    configuration[client.customFetch] = strict as client.CustomFetch
    // Whether the address may be http was decided, more strictly, when it was read.
    client.allowInsecureRequests(configuration)
    return client
      .tokenIntrospection(configuration, token, { token_type_hint: 'access_token' })
      .catch((error: unknown) => {
        // Some servers refuse to speak of a JWT instead of calling it inactive.
        if (isUnsupportedTokenType(error)) return inactive
        throw translate(error, 'introspection')
      })
  }

  async function judge(token: string): Promise<Judged> {
    if (questions >= maxQuestions) {
      throw new PosternError('POSTERN_PROVIDER_UNREACHABLE', 'too many introspections at once', {
        retryAfter: 1,
      })
    }
    questions += 1
    try {
      const claims = await ask(token)
      const end = clock() + config.cache / 1000
      checkAnswer(claims, config, clock(), tolerance)
      const { exp = end } = claims as { exp?: number }
      const bearer = callerOf(token, claims, {
        scopeClaim: config.scope_claim,
        audience: config.audience,
        expiresAt: exp,
      })
      return { outcome: Object.freeze({ kind: 'verified', bearer }), until: Math.min(exp, end) }
    } finally {
      questions -= 1
    }
  }

  return { start: discovery.start, close: discovery.close, readiness: discovery.readiness, judge }
}

async function endpointOf(
  { issuer, endpoint }: IntrospectionConfig,
  { fetchFor, dangerously_allow_http }: JudgeSurroundings,
): Promise<string> {
  if (endpoint !== undefined) return endpoint
  return discoverEndpoint(
    'introspection_endpoint',
    { issuer: issuer as string, dangerously_allow_http },
    fetchFor('discovery'),
  )
}

/** Only the boolean `true` is active; a server that means well but writes `"true"` has said nothing (RFC 7662 section 2.2). */
function withStrictAnswers(fetch: Fetch): Fetch {
  return async (url, init) => {
    const answer = await fetch(url, init)
    if (answer.status !== 200) return answer
    const body = await parseJson(answer)
    if (!isObject(body))
      throw new PosternError('POSTERN_PROVIDER_INVALID', 'an introspection is no JSON object')
    return Response.json({ ...body, active: body['active'] === true })
  }
}

function checkAnswer(
  claims: Claims,
  { issuer, audience }: IntrospectionConfig,
  now: number,
  tolerance: number,
): void {
  const { active, iss, exp, nbf, token_type: type } = claims
  if (active !== true) throw new TokenRefusal('token-inactive')
  const isBearer = type === undefined || /^(?:bearer|access_token)$/i.test(String(type))
  if (!isBearer || isForeign(claims)) {
    throw new TokenRefusal('token-type-wrong')
  }
  if (issuer !== undefined && iss !== undefined && iss !== issuer)
    throw new TokenRefusal('token-issuer-unknown')
  if (!isTime(exp) || !isTime(nbf)) throw new TokenRefusal('token-claims-invalid')
  if (exp !== undefined && exp <= now - tolerance) throw new TokenRefusal('token-expired')
  if (nbf !== undefined && nbf > now + tolerance) throw new TokenRefusal('token-not-yet-valid')
  if (!audiencesOf(claims).some((name) => audience.includes(name)))
    throw new TokenRefusal('token-audience-wrong')
}

function isTime(value: unknown): value is number | undefined {
  return value === undefined || (Number.isSafeInteger(value) && (value as number) > 0)
}
