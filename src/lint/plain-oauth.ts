import type { Source } from '../config/load.ts'
import type { Finding } from '../config/problem.ts'
import type { Rule } from '../core/rules.ts'

/** Finds what asks plain OAuth 2.0 for something that only OpenID Connect has: claims beside those mapped, and ID tokens. */
export function findPlainOauth({ config }: Source): readonly Finding[] {
  const { provider, upstreams, forward_auth, routes } = config
  if (provider?.endpoints === undefined || provider.scopes.includes('openid')) return []
  const tokens = [
    ...Object.entries(upstreams).map(([name, { token }]) => ({ path: ['upstreams', name, 'token'], token })),
    { path: ['forward_auth', 'token'], token: forward_auth?.token },
  ]
  return [
    ...tokens
      .filter(({ token }) => token === 'id')
      .map(({ path }) => ({
        path,
        message: 'is id, but plain OAuth 2.0 has no ID tokens: none is ever sent; write access or none',
      })),
    ...routes.flatMap((rule, index) =>
      missingClaims(rule, Object.keys(provider.userinfo)).map((name) => ({
        path: ['routes', index, 'claims', name],
        message:
          'is a claim that no session has, so that nobody who signed in passes: with plain OAuth 2.0 the only claims are those of "provider.userinfo"; name it there',
      })),
    ),
  ]
}

/** A claim counts by its whole name, or else by that of a claim around it; those of bearer tokens are unknown here. */
function missingClaims({ claims, credentials }: Rule, mapped: readonly string[]): readonly string[] {
  if (credentials.includes('bearer')) return []
  return Object.keys(claims).filter(
    (name) => !mapped.some((known) => name === known || name.startsWith(`${known}.`)),
  )
}
