import { type Conflict, conflictIf, type Relation } from './relation.ts'
import { clientRelations } from './schema-client.ts'
import type { ProviderKeys } from './schema-provider.ts'
import { exposedMessage, isExposed } from './web-url.ts'

/** Parameters of the authorization request that Postern sets itself. */
const ownParameters = [
  ...['client_id', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'state', 'nonce'],
  ...['code_challenge', 'code_challenge_method', 'request', 'request_uri'],
]

/** What the keys of the `provider` section demand of each other. */
export const providerRelations: readonly Relation<ProviderKeys>[] = [
  ...clientRelations,
  {
    reads: [],
    find: ({ issuer, endpoints }) => [
      ...conflictIf(
        !issuer && !endpoints,
        ['issuer'],
        'is required; write it, or "endpoints" for plain OAuth 2.0',
      ),
      ...conflictIf(
        !!issuer && !!endpoints,
        ['endpoints'],
        'stands beside "issuer"; keep only one of the two',
      ),
    ],
  },
  { reads: [['endpoints'], ['scopes']], find: findMissingEndpoint },
  {
    reads: [['issuer'], ['scopes']],
    find: ({ issuer, scopes }) =>
      conflictIf(
        !!issuer && !scopes.includes('openid'),
        ['scopes'],
        'must name openid, since "issuer" means OpenID Connect',
      ),
  },
  {
    reads: [],
    find: ({ authorization_params }) =>
      Object.keys(Object(authorization_params))
        .filter((name) => ownParameters.includes(name))
        .map((name) => ({
          path: ['authorization_params', name],
          message: 'is set by Postern itself; take it out',
        })),
  },
  { reads: [['issuer'], ['endpoints'], ['dangerously_allow_http']], find: findExposed },
]

/** Every URL of the provider that is written, with its place in the section. */
export function providerUrls({ issuer, endpoints }: Pick<ProviderKeys, 'issuer' | 'endpoints'>) {
  const named = Object.entries(endpoints ?? {}).map(([name, url]) => ({ path: ['endpoints', name], url }))
  return issuer === undefined ? named : [{ path: ['issuer'], url: issuer }, ...named]
}

function findExposed(provider: ProviderKeys): readonly Conflict[] {
  if (provider.dangerously_allow_http) return []
  return providerUrls(provider)
    .filter(({ url }) => isExposed(url))
    .map(({ path }) => ({ path, message: exposedMessage }))
}

/** OpenID Connect needs keys to verify ID tokens with; plain OAuth 2.0 needs somebody to ask who the user is. */
function findMissingEndpoint({ endpoints, scopes }: ProviderKeys): readonly Conflict[] {
  if (!endpoints) return []
  if (scopes.includes('openid'))
    return conflictIf(
      !endpoints.jwks_uri,
      ['endpoints', 'jwks_uri'],
      'is required to verify ID tokens; for plain OAuth 2.0 write "scopes" without openid',
    )
  return conflictIf(
    !endpoints.userinfo,
    ['endpoints', 'userinfo'],
    'is required to learn who the user is, since the scopes have no openid',
  )
}
