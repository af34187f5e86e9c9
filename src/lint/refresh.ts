import type { Source } from '../config/load.ts'
import type { Finding } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'

/** Providers that are known by their address to give a refresh token for this scope, and for nothing else. */
const byScope = /^(?:login\.microsoftonline\.(?:com|us)|.+\.(?:okta|oktapreview|auth0)\.com)$/

const consequence = 'sessions end with the first access token, often within the hour'

const longestCache = 300_000

/** Finds sign-ins that bring no refresh token, where the provider is known and tokens are handed on. */
export function findWithoutRefresh({ config }: Source): readonly Finding[] {
  const { provider } = config
  if (provider?.issuer === undefined || !usesTokens(config)) return []
  const { hostname } = new URL(provider.issuer)
  if (hostname === 'accounts.google.com') return findGoogle(provider)
  if (!byScope.test(hostname) || provider.scopes.includes('offline_access')) return []
  const message = `lacks offline_access, without which this provider gives no refresh token: ${consequence}; add it`
  return [{ path: ['provider', 'scopes'], message }]
}

function findGoogle({ scopes, authorization_params }: NonNullable<Config['provider']>): readonly Finding[] {
  const isRefused = scopes.includes('offline_access')
  const isOnline = authorization_params['access_type'] !== 'offline'
  return [
    ...(isRefused
      ? [
          {
            path: ['provider', 'scopes'],
            message:
              'has offline_access, a scope that Google does not know and refuses the sign-in for; write "scopes: [openid, profile, email]"',
          },
        ]
      : []),
    ...(isOnline
      ? [
          {
            path: ['provider', 'authorization_params'],
            message: `lacks access_type, without which Google gives no refresh token: ${consequence}; write { access_type: offline, prompt: consent }`,
          },
        ]
      : []),
  ]
}

/** As sessions see it: where no token is handed on, its end is nobody's concern. */
function usesTokens({ upstreams, forward_auth }: Config): boolean {
  const kinds = Object.values(upstreams).map(({ token }) => token)
  return (
    kinds.some((kind) => kind !== 'none') ||
    (forward_auth !== undefined && (forward_auth.token !== 'none' || forward_auth.access_token_header))
  )
}

/** Finds answers about tokens that count for so long that a revoked one hardly is. */
export function findStaleAnswers({ config }: Source): readonly Finding[] {
  const cache = config.bearer?.introspection?.cache ?? 0
  if (cache <= longestCache) return []
  return [
    {
      path: ['bearer', 'introspection', 'cache'],
      message: 'is longer than 5m: as long does a token pass that was revoked; write 30s or a few minutes',
    },
  ]
}
