import type { CredentialKind } from '../core/rule.ts'
import { didYouMean } from './did-you-mean.ts'
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
        'must be a map with keys, since people sign in at "provider"; "postern keygen" prints a key',
      ),
    ],
  },
  { reads: [['provider'], ['bearer']], find: findUnusableRoutes },
]

function findUnusableRoutes(config: ConfigKeys, isSound: IsSound): readonly Conflict[] {
  const { routes, provider, bearer } = config
  // Without both, what a route wants is not what is wrong.
  if (!Array.isArray(routes) || (provider === undefined && bearer === undefined)) return []
  return routes.flatMap((route: RouteRule, index) =>
    isSound(['routes', index]) && route.access !== 'public'
      ? [...problemsOf(route, config), ...unknownAudiences(route, config)].map(({ path, message }) => ({
          path: ['routes', index, ...path],
          message,
        }))
      : [],
  )
}

function unknownAudiences({ audience }: RouteRule, { bearer }: ConfigKeys): readonly Conflict[] {
  if (bearer === undefined) return []
  const known = bearerAudiences(bearer)
  return audience.flatMap((name, index) =>
    conflictIf(
      !known.includes(name),
      ['audience', index],
      `is no audience of the "bearer" section${didYouMean(name, known)}`,
    ),
  )
}

function problemsOf(route: RouteRule, config: ConfigKeys): readonly Conflict[] {
  const { provider, bearer } = config
  const credentials = credentialsOf(route, config)
  const hasSession = credentials.includes('session')
  const isPlain = hasSession && provider?.endpoints !== undefined
  const plain =
    'needs OpenID Connect for sessions: a provider with "endpoints" does not say how somebody authenticated'
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
      !hasSession && route.onUnauthenticated === 'redirect',
      'on_unauthenticated',
      'must not be redirect: nobody can sign in for this route',
    ],
    [
      !hasSession && route.onMissingScope === 'request',
      'on_missing_scope',
      'must be forbid: nobody can sign in for this route',
    ],
    [isPlain && route.acr.length > 0, 'acr', plain],
    [isPlain && route.maxAge !== undefined, 'max_age', plain],
  ]
  return found.flatMap(([isWrong, key, message]) => conflictIf(isWrong, [key], message))
}
