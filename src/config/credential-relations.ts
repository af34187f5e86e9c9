import type { CredentialKind } from '../core/rule.ts'
import { type Conflict, conflictIf, type IsSound, type Relation } from './relation.ts'
import type { ConfigKeys } from './schema.ts'
import { bearerAudiences } from './schema-bearer.ts'
import type { RouteRule } from './schema-route.ts'

/** What counts on a route: what it says, or else everything that this configuration has. */
export function credentialsOf(
  { credentials }: Pick<RouteRule, 'credentials'>,
  { provider, bearer }: Pick<ConfigKeys, 'provider' | 'bearer'>,
): readonly CredentialKind[] {
  if (credentials !== undefined) return credentials
  if (provider === undefined) return ['bearer']
  return bearer === undefined ? ['session'] : ['session', 'bearer']
}

/** What `provider`, `session`, `bearer` and the credentials of routes demand of each other. */
export const credentialRelations: readonly Relation<ConfigKeys>[] = [
  {
    reads: [],
    find: ({ provider, bearer, session }) => [
      ...conflictIf(
        provider === undefined && bearer === undefined,
        ['provider'],
        'must be a map, unless there is a "bearer" section and nobody signs in here',
      ),
      ...conflictIf(
        provider !== undefined && session === undefined,
        ['session'],
        'must be a map, since there is a "provider"',
      ),
    ],
  },
  { reads: [['provider'], ['bearer']], find: findUnusableRoutes },
]

function findUnusableRoutes(config: ConfigKeys, isSound: IsSound): readonly Conflict[] {
  const { routes } = config
  if (!Array.isArray(routes)) return []
  return routes.flatMap((route: RouteRule, index) =>
    isSound(['routes', index])
      ? problemsOf(route, config).map(([key, message]) => ({ path: ['routes', index, key], message }))
      : [],
  )
}

function problemsOf(route: RouteRule, config: ConfigKeys): [key: string, message: string][] {
  const { provider, bearer } = config
  if (route.access === 'public') return []
  const credentials = credentialsOf(route, config)
  const hasSession = credentials.includes('session')
  const unknown = route.audience.find((name) => bearer && !bearerAudiences(bearer).includes(name))
  const needsAuthentication = route.acr.length > 0 ? 'acr' : 'max_age'
  const found: [isWrong: boolean, key: string, message: string][] = [
    [
      hasSession && provider === undefined,
      'credentials',
      'has session, but there is no "provider" to sign in at',
    ],
    [
      credentials.includes('bearer') && bearer === undefined,
      'credentials',
      'has bearer, but there is no "bearer" section',
    ],
    [
      route.audience.length > 0 && bearer === undefined,
      'audience',
      'is about bearer tokens, but there is no "bearer" section',
    ],
    [
      unknown !== undefined,
      'audience',
      `names ${JSON.stringify(unknown)}, which no issuer of the "bearer" section has as audience`,
    ],
    [
      !hasSession && route.onUnauthenticated === 'redirect',
      'on_unauthenticated',
      'must not be redirect: nobody can sign in for this route',
    ],
    [
      !hasSession && route.onMissingScope === 'request',
      'on_missing_scope',
      'must be forbid: nobody can sign in for this route',
    ],
    [
      hasSession && provider?.endpoints !== undefined && (route.acr.length > 0 || route.maxAge !== undefined),
      needsAuthentication,
      'needs OpenID Connect for sessions: a provider with "endpoints" does not say how somebody authenticated',
    ],
  ]
  return found.filter(([isWrong]) => isWrong).map(([, key, message]) => [key, message])
}
