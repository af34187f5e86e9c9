import { z } from 'zod'
import { documented } from './documented.ts'
import { durationUnit, shortDuration } from './duration.ts'
import type { ReadTextFile } from './read-text-file.ts'
import { type Conflict, conflictIf, withRelations } from './relation.ts'
import { clientKeys, clientRelations, withClientSecrets } from './schema-client.ts'
import { tlsAuthorities } from './schema-tls.ts'
import { signatureAlgorithms } from './signature-algorithms.ts'
import { audience, claimPath, distinct } from './text.ts'
import { endpoint, exposedMessage, isExposed, issuer } from './web-url.ts'

const audienceMessage =
  'must be whom tokens are for (their "aud"), like https://api.example.com, or a list; without it, tokens for any other service would count'

/** One audience or several, always a list afterwards. */
const audiences = z
  .union([audience, distinct(audience, audienceMessage)], audienceMessage)
  .transform((value) => [value].flat())

const audienceKey = documented(audiences, {
  type: 'audience, or list of audiences',
  meaning:
    'Whom tokens must be for: one of these in `aud`. Without it, a token for any other service would open this one.',
  example: 'https://api.example.com',
})

const scopeClaim = documented(claimPath.exactOptional(), {
  type: 'dotted claim',
  meaning:
    'The claim that holds the scopes, as text split at spaces or as a list; `scope`, or else `scp`, by default.',
  example: 'permissions',
})

const issuerKeys = z.strictObject({
  issuer: documented(issuer, {
    type: 'URL',
    meaning: 'Who signs the tokens: exactly their `iss`.',
    example: 'https://login.example.com',
  }),
  audience: audienceKey,
  algorithms: documented(
    distinct(z.enum(signatureAlgorithms), 'must be a list of asymmetric signature algorithms').prefault([
      ...signatureAlgorithms,
    ]),
    {
      type: 'list of JWS algorithms',
      meaning: 'The signatures that are accepted. Only asymmetric ones can be.',
      example: ['RS256', 'ES256'],
    },
  ),
  jwks_uri: documented(endpoint.exactOptional(), {
    type: 'URL',
    meaning: 'Where the public keys of the issuer are. Discovered when it is not written.',
    example: 'https://login.example.com/jwks',
  }),
  scope_claim: scopeClaim,
  type: documented(z.enum(['at+jwt', 'jwt', 'any']).prefault('any'), {
    type: 'at+jwt, jwt or any',
    meaning:
      'The `typ` of the tokens. Write `at+jwt` if the issuer follows RFC 9068; `jwt` is also that of tokens without one. ID tokens and their like are refused whatever stands here; with `any`, so is one that is not `at+jwt`, has neither scopes nor the client it was given to, and an audience that is no URI and may be a client.',
    example: 'at+jwt',
  }),
})

const introspectionKeys = (read: ReadTextFile) =>
  z.strictObject({
    issuer: documented(issuer.exactOptional(), {
      type: 'URL',
      meaning:
        'The authorization server, whose introspection endpoint is discovered. Either this or `endpoint`.',
      example: 'https://login.example.com',
    }),
    endpoint: documented(endpoint.exactOptional(), {
      type: 'URL',
      meaning: 'The introspection endpoint. Either this or `issuer`.',
      example: 'https://login.example.com/introspect',
    }),
    ...clientKeys(read, 'the introspection endpoint'),
    audience: audienceKey,
    scope_claim: scopeClaim,
    cache: documented(shortDuration.prefault('30s'), {
      type: 'duration',
      unit: durationUnit,
      meaning:
        'How long an answer counts, active or not: as long may a revoked token still pass. Never longer than the token.',
      example: '10s',
    }),
  })

const introspection = (read: ReadTextFile) =>
  withRelations(introspectionKeys(read), [
    ...clientRelations,
    {
      reads: [],
      find: ({ issuer, endpoint }) => [
        ...conflictIf(!issuer && !endpoint, ['endpoint'], 'is required; write it, or "issuer"'),
        ...conflictIf(
          !!issuer && !!endpoint,
          ['endpoint'],
          'stands beside "issuer"; keep only one of the two',
        ),
      ],
    },
  ]).transform(withClientSecrets)

const keys = (read: ReadTextFile) =>
  z.strictObject({
    issuers: documented(z.array(issuerKeys, 'must be a list of issuers').prefault([]), {
      type: 'list of issuers',
      meaning: 'Whose JWTs are accepted as access tokens.',
      example: [{ issuer: 'https://login.example.com', audience: 'https://api.example.com' }],
    }),
    introspection: documented(introspection(read).exactOptional(), {
      type: 'map',
      meaning: 'Who is asked about all other tokens (RFC 7662).',
      example: {
        issuer: 'https://login.example.com',
        client_id: 'postern-api',
        client_secret: `$\{POSTERN_API_SECRET}`,
        audience: 'https://api.example.com',
      },
    }),
    clock_tolerance: documented(shortDuration.prefault('30s'), {
      type: 'duration',
      unit: durationUnit,
      meaning: 'How far the clocks of the issuers may differ from ours.',
      example: '1m',
    }),
    timeout: documented(shortDuration.prefault('5s'), {
      type: 'duration',
      unit: durationUnit,
      meaning: 'How long one answer of an issuer may take.',
      example: '2s',
    }),
    tls: tlsAuthorities(read, 'the issuers'),
    dangerously_allow_http: documented(z.boolean().prefault(false), {
      type: 'true or false',
      meaning:
        'Accepts `http://` addresses of issuers on hosts other than loopback. Keys can then be replaced and tokens read on the network; every start warns.',
      example: true,
    }),
  })

/** The `bearer` section as relations see it. */
export type BearerKeys = z.output<ReturnType<typeof keys>>

/** The `bearer` section: which tokens of API clients count. */
export function bearerSchema(read: ReadTextFile) {
  return withRelations(keys(read), [
    {
      reads: [['issuers'], ['introspection']],
      find: ({ issuers, introspection }) =>
        conflictIf(
          issuers.length === 0 && introspection === undefined,
          ['issuers'],
          'must have at least one issuer, unless there is "introspection"',
        ),
    },
    { reads: [['issuers']], find: findRepeatedIssuers },
    { reads: [['issuers'], ['introspection'], ['dangerously_allow_http']], find: findExposed },
  ])
}

/** Every URL of the section that is written, with its place in it. */
export function bearerUrls({ issuers, introspection }: Pick<BearerKeys, 'issuers' | 'introspection'>) {
  const ofIssuers = issuers.flatMap(({ issuer, jwks_uri }, index) => [
    { path: ['issuers', index, 'issuer'], url: issuer },
    ...(jwks_uri === undefined ? [] : [{ path: ['issuers', index, 'jwks_uri'], url: jwks_uri }]),
  ])
  const { issuer, endpoint } = introspection ?? {}
  return [
    ...ofIssuers,
    ...(issuer === undefined ? [] : [{ path: ['introspection', 'issuer'], url: issuer }]),
    ...(endpoint === undefined ? [] : [{ path: ['introspection', 'endpoint'], url: endpoint }]),
  ]
}

/** Every audience that a token may have to count somewhere. */
export function bearerAudiences({ issuers, introspection }: BearerKeys): readonly string[] {
  return [...issuers.flatMap(({ audience }) => audience), ...(introspection?.audience ?? [])]
}

function findRepeatedIssuers({ issuers }: BearerKeys): readonly Conflict[] {
  const names = issuers.map(({ issuer }) => issuer)
  return names.flatMap((name, index) =>
    conflictIf(
      names.indexOf(name) < index,
      ['issuers', index, 'issuer'],
      'stands in the list twice; write one entry with a list of audiences',
    ),
  )
}

function findExposed(bearer: BearerKeys): readonly Conflict[] {
  if (bearer.dangerously_allow_http) return []
  return bearerUrls(bearer)
    .filter(({ url }) => isExposed(url))
    .map(({ path }) => ({ path, message: exposedMessage }))
}
