import type { Configuration } from 'openid-client'
import type { Claims, Session, Tokens } from '../core/session.ts'
import { claimsOfAccessToken, claimsOfFormer } from './access-token-claims.ts'
import { authenticationOf, claimsBeside, mergeClaims, withAuthentication } from './claims.ts'
import { checkRefreshed, createIdTokens, maxAgeAtLogin, maxAgeAtRefresh } from './id-token.ts'
import type { LoginFlow } from './login-flow.ts'
import type { ClaimSource, ProviderConfig, ProviderLog } from './provider-config.ts'
import type { SigningKeys } from './signing-keys.ts'
import { fetchUserInfo } from './user-info.ts'

/**
 * The OpenID Connect flow. The ID token says who it is; `claims_from` says what else is asked, the first source winning.
 * A UserInfo request that fails, in whatever way, fails the login: rules that ask for claims must not see half of them.
 */
export function createOpenIdConnect(options: {
  config: ProviderConfig
  keys: SigningKeys
  clock: () => number
  log: ProviderLog
}): LoginFlow {
  const { config, keys, clock } = options
  const idTokens = createIdTokens(config, keys, clock)
  const maxAge = Number(config.authorization_params['max_age'] ?? Number.NaN)

  function collect(sub: string, sources: Readonly<Record<ClaimSource, Claims>>): Claims {
    return mergeClaims(
      sub,
      config.claims_from.map((name) => sources[name]),
    )
  }

  async function userInfoClaims(
    configuration: Configuration,
    accessToken: string,
    sub: string,
  ): Promise<Claims> {
    const isAsked = config.claims_from.includes('userinfo')
    const hasEndpoint = configuration.serverMetadata().userinfo_endpoint !== undefined
    return isAsked && hasEndpoint ? fetchUserInfo(configuration, accessToken, sub) : {}
  }

  async function accessTokenClaims(accessToken: string, sub: string): Promise<Claims> {
    return config.claims_from.includes('access_token') ? claimsOfAccessToken(accessToken, sub, options) : {}
  }

  /** The claims a refresh replaces: those of the former tokens. UserInfo is not asked again, its claims stay. */
  function lasting(session: Session, hasIdToken: boolean): Claims {
    const former = [claimsOfFormer(session.tokens.accessToken)]
    return claimsBeside(
      session.claims,
      hasIdToken ? [...former, claimsOfFormer(session.tokens.idToken)] : former,
    )
  }

  return {
    hasIssuer: true,
    scopes: [...new Set(['openid', ...config.scopes])],
    scopeSeparator: / /,
    prepare: keys.ready,
    checks: (login) => ({
      expectedState: login.state,
      expectedNonce: login.nonce,
      pkceCodeVerifier: login.codeVerifier,
      idTokenExpected: true,
      ...(Number.isFinite(maxAge) && { maxAge }),
    }),
    async identify(configuration, tokens) {
      const { accessToken, idToken } = tokens
      const idClaims = await idTokens.verify(idToken as string, accessToken, maxAgeAtLogin)
      const { sub } = idClaims
      const userinfo = await userInfoClaims(configuration, accessToken, sub)
      const access = await accessTokenClaims(accessToken, sub)
      const claims = collect(sub, { id_token: idClaims, userinfo, access_token: access })
      return { sub, claims: withAuthentication(claims, idClaims) }
    },
    async identifyRefreshed(session: Session, tokens: Tokens, idToken: string | undefined) {
      const { sub } = session
      const access = await accessTokenClaims(tokens.accessToken, sub)
      const kept = lasting(session, idToken !== undefined)
      if (idToken === undefined) {
        return { sub, claims: withAuthentication(mergeClaims(sub, [kept, access]), session.claims) }
      }
      const idClaims = await idTokens.verify(idToken, tokens.accessToken, maxAgeAtRefresh)
      checkRefreshed(idClaims, sub, session.tokens.idToken)
      const claims = collect(sub, { id_token: idClaims, userinfo: kept, access_token: access })
      // A refresh is no authentication: what the new ID token leaves out about it is as it was (section 12.2).
      return {
        sub,
        claims: withAuthentication(mergeClaims(sub, [claims, kept]), {
          ...authenticationOf(session.claims),
          ...idClaims,
        }),
      }
    },
  }
}
