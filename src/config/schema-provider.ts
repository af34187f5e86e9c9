import { z } from 'zod'
import { documented } from './documented.ts'
import { durationUnit, shortDuration } from './duration.ts'
import { providerRelations } from './provider-relations.ts'
import type { ReadTextFile } from './read-text-file.ts'
import { withRelations } from './relation.ts'
import { clientKeys, withClientSecrets } from './schema-client.ts'
import { tlsAuthorities } from './schema-tls.ts'
import { signatureAlgorithms } from './signature-algorithms.ts'
import { checked, claimPath, distinct, line } from './text.ts'
import { endpoint, issuer } from './web-url.ts'

/** A scope token (RFC 6749 section 3.3). */
export const scope = checked('must be a scope: printable ASCII without space, " or \\', (text) =>
  /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text),
)

const endpoints = z.strictObject({
  authorization: documented(endpoint, {
    type: 'URL',
    meaning: 'Where the browser is sent to sign in.',
    example: 'https://github.com/login/oauth/authorize',
  }),
  token: documented(endpoint, {
    type: 'URL',
    meaning: 'Where codes and refresh tokens are exchanged.',
    example: 'https://github.com/login/oauth/access_token',
  }),
  userinfo: documented(endpoint.exactOptional(), {
    type: 'URL',
    meaning: 'Who the user is, as JSON, for an access token. Required where there is no OpenID Connect.',
    example: 'https://api.github.com/user',
  }),
  jwks_uri: documented(endpoint.exactOptional(), {
    type: 'URL',
    meaning: "The provider's public keys. Required when the scopes have `openid`.",
    example: 'https://login.example.com/jwks',
  }),
  revocation: documented(endpoint.exactOptional(), {
    type: 'URL',
    meaning: 'Where refresh tokens are revoked at sign-out (RFC 7009).',
    example: 'https://login.example.com/revoke',
  }),
  end_session: documented(endpoint.exactOptional(), {
    type: 'URL',
    meaning: 'Where the browser is sent to sign out at the provider too.',
    example: 'https://login.example.com/logout',
  }),
})

const issuerOrEndpoints = {
  issuer: documented(issuer.exactOptional(), {
    type: 'URL',
    meaning:
      'The OpenID provider, exactly as it names itself; everything else about it is discovered. Required, unless `endpoints` is written.',
    example: 'https://login.example.com',
  }),
  endpoints: documented(endpoints.exactOptional(), {
    type: 'map',
    meaning: 'The addresses of a provider without discovery, instead of `issuer`.',
    example: {
      authorization: 'https://login.example.com/authorize',
      token: 'https://login.example.com/token',
    },
  }),
}

const request = {
  scopes: documented(
    distinct(scope, 'must be a list of strings').prefault(['openid', 'profile', 'email', 'offline_access']),
    {
      type: 'list of scopes',
      meaning: 'What is asked for at sign-in. `offline_access` gets a refresh token at most providers.',
      example: ['openid', 'email', 'orders:read'],
    },
  ),
  authorization_params: documented(
    z
      .record(line('must be the name of a parameter'), z.string('must be a string; put it in quotes'))
      .prefault({}),
    {
      type: 'map of parameter to text',
      meaning: 'Further parameters of the authorization request.',
      example: { audience: 'https://api.example.com', prompt: 'select_account' },
    },
  ),
}

const claims = {
  claims_from: documented(
    distinct(
      z.enum(['id_token', 'userinfo', 'access_token']),
      'must be a list of id_token, userinfo and access_token',
    ).prefault(['id_token', 'userinfo']),
    {
      type: 'list of id_token, userinfo and access_token',
      meaning:
        "Where claims are taken from. `access_token` is for roles that live in a JWT, which is verified against the issuer's keys.",
      example: ['id_token', 'access_token'],
    },
  ),
  userinfo: documented(
    z
      .record(line('must be the name of a claim'), claimPath)
      .transform((mapping): Record<string, string> => ({ sub: 'sub', ...mapping }))
      .prefault({ sub: 'sub' }),
    {
      type: 'map of claim to dotted path',
      meaning:
        'Where each claim stands in the UserInfo answer of a provider without OpenID Connect. `sub` is `sub` unless it is mapped.',
      example: { sub: 'id', preferred_username: 'login' },
    },
  ),
  id_token_algorithms: documented(
    distinct(z.enum(signatureAlgorithms), 'must be a list of signature algorithms').prefault([
      ...signatureAlgorithms,
    ]),
    {
      type: 'list of JWS algorithms',
      meaning: 'The signatures that are accepted on ID tokens.',
      example: ['RS256'],
    },
  ),
}

const connection = (read: ReadTextFile) => ({
  clock_tolerance: documented(shortDuration.prefault('30s'), {
    type: 'duration',
    unit: durationUnit,
    meaning: "How far the provider's clock may differ from ours.",
    example: '2m',
  }),
  timeout: documented(shortDuration.prefault('10s'), {
    type: 'duration',
    unit: durationUnit,
    meaning: 'How long one answer of the provider may take.',
    example: '5s',
  }),
  tls: tlsAuthorities(read, 'the provider'),
  dangerously_allow_http: documented(z.boolean().prefault(false), {
    type: 'true or false',
    meaning:
      'Accepts `http://` addresses of providers on hosts other than loopback. Secrets and tokens can then be read on the network; every start warns.',
    example: true,
  }),
})

/** The `provider` section, as written: `providerSchema` adds what its keys demand of each other. */
const keys = (read: ReadTextFile) =>
  z.strictObject({
    ...issuerOrEndpoints,
    ...clientKeys(read, 'the provider'),
    ...request,
    ...claims,
    ...connection(read),
  })

/** The `provider` section as its relations see it. */
export type ProviderKeys = z.output<ReturnType<typeof keys>>

/** The `provider` section: who signs people in, and who we are there. */
export function providerSchema(read: ReadTextFile) {
  return withRelations(keys(read), providerRelations).transform(withClientSecrets)
}
