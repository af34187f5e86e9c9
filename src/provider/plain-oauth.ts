import { mergeClaims } from './claims.ts'
import type { LoginFlow } from './login-flow.ts'
import type { ProviderConfig } from './provider-config.ts'
import { fetchMappedUserInfo } from './user-info.ts'

/** The flow of a plain OAuth 2.0 provider such as GitHub: no ID token; who it is comes from the UserInfo endpoint. */
export function createPlainOauth(config: ProviderConfig): LoginFlow {
  return {
    hasIssuer: false,
    scopes: [...new Set(config.scopes)],
    scopeSeparator: /[ ,]/,
    prepare: async () => {},
    checks: (login) => ({ expectedState: login.state, pkceCodeVerifier: login.codeVerifier }),
    async identify(configuration, tokens) {
      const claims = await fetchMappedUserInfo(configuration, tokens.accessToken, config.userinfo)
      return { sub: claims.sub, claims: mergeClaims(claims.sub, [claims]) }
    },
    identifyRefreshed: async (session) => ({ sub: session.sub, claims: session.claims }),
  }
}
