import { z } from 'zod'
import type { Rule } from '../core/rules.ts'
import { documented } from './documented.ts'
import { durationUnit, wholeSeconds } from './duration.ts'
import { conflictIf, withRelations } from './relation.ts'
import { requestMethod } from './request-method.ts'
import { corsPolicy, corsSchema } from './schema-cors.ts'
import { scope } from './schema-provider.ts'
import { bodySizeOrNone, sizeUnit } from './size.ts'
import { audience, checked, distinct, line } from './text.ts'
import { origin } from './web-url.ts'

const claimValue = z.union([z.string(), z.number(), z.boolean()], 'must be text, a number, true or false')

const target = {
  path: documented(
    checked('must be a path that begins with /, like /api/**', (text) => text.startsWith('/')),
    {
      type: 'path pattern',
      meaning:
        'What the route is for: `/x` (and `/x/`), `/x/*` for one segment, `/x/**` for that path and all below. The most specific route wins, whatever the order.',
      example: '/api/orders/**',
    },
  ),
  host: documented(
    checked('must be a host like app.example.com, or *.example.com for those below it', (text) =>
      /^(?:(?:\*\.)?[\w.-]+|\[[\da-f:]+\])(?::\d{1,5})?$/i.test(text),
    )
      .transform((text) => text.toLowerCase())
      .exactOptional(),
    {
      type: 'host',
      meaning: 'Only for this host; goes before routes without a host.',
      example: '*.example.com',
    },
  ),
  methods: documented(
    distinct(requestMethod, 'must be a list of request methods, like [GET, POST]').exactOptional(),
    {
      type: 'list of methods',
      meaning: 'Only for these methods; all of them by default. HEAD is judged as GET unless it is named.',
      example: ['GET', 'POST'],
    },
  ),
  upstream: documented(line('must be the name of an upstream').exactOptional(), {
    type: 'name of an upstream',
    meaning:
      'Which service answers. Required, unless `forward_auth` is written: a route without one is for checks only, and 404 to whoever comes directly.',
    example: 'orders',
  }),
}

const conditions = {
  access: documented(z.enum(['public', 'optional', 'authenticated']).exactOptional(), {
    type: 'public, optional or authenticated',
    meaning:
      'Who may pass: everybody; everybody, with identity where there is one; or whoever is signed in. Required unless the route names scopes, claims, `acr` or `max_age`, which mean `authenticated`.',
    example: 'public',
  }),
  scopes: documented(distinct(scope, 'must be a list of strings').exactOptional(), {
    type: 'list of scopes',
    meaning: 'Scopes that must all have been granted.',
    example: ['orders:read'],
  }),
  credentials: documented(
    distinct(z.enum(['session', 'bearer']), 'must be a list of session and bearer').exactOptional(),
    {
      type: 'list of session and bearer',
      meaning:
        'What may say who somebody is: the session of a browser, or a bearer token. Both once there is a `bearer` section, else `session`. A bearer token goes before a session.',
      example: ['bearer'],
    },
  ),
  audience: documented(distinct(audience, 'must be a list of audiences').exactOptional(), {
    type: 'list of audiences',
    meaning:
      'Narrows whom bearer tokens may be for on this route, to some of the audiences in the `bearer` section.',
    example: ['https://api.example.com/orders'],
  }),
  any_scope: documented(distinct(scope, 'must be a list of strings').exactOptional(), {
    type: 'list of scopes',
    meaning: 'Scopes of which one must have been granted.',
    example: ['admin', 'support'],
  }),
  claims: documented(
    z
      .record(
        line('must be the name of a claim, dotted for a nested one'),
        distinct(claimValue, 'must be a list of accepted values, like [staff]'),
        'must be a map of claim to a list of accepted values',
      )
      .refine((claims) => Object.keys(claims).length > 0, 'must name at least one claim')
      .exactOptional(),
    {
      type: 'map of dotted claim to list of values',
      meaning: 'Claims that must each equal, or contain, one of the listed values.',
      example: { groups: ['staff'], 'realm_access.roles': ['admin'] },
    },
  ),
}

const stepUp = {
  acr: documented(
    distinct(
      checked('must be a context like urn:example:mfa: printable ASCII without space, " or \\', (text) =>
        /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text),
      ),
      'must be a list of authentication contexts',
    ).exactOptional(),
    {
      type: 'list of authentication contexts',
      meaning:
        'How people must have authenticated: the claim `acr` must be one of these. Page views are sent to the provider to do so, once; programs get `insufficient_user_authentication` (RFC 9470).',
      example: ['urn:example:mfa'],
    },
  ),
  max_age: documented(wholeSeconds.exactOptional(), {
    type: 'duration',
    unit: durationUnit,
    meaning: 'How long ago people may have authenticated, by the claim `auth_time`; else as with `acr`.',
    example: '5m',
  }),
  on_missing_scope: documented(z.enum(['forbid', 'request']).prefault('forbid'), {
    type: 'forbid or request',
    meaning:
      'What a page view that lacks a scope gets: 403, or, with `request`, one trip to the provider that asks for it.',
    example: 'request',
  }),
}

const treatment = {
  max_body: documented(bodySizeOrNone.exactOptional(), {
    type: 'size, or none',
    unit: sizeUnit,
    meaning: 'The longest body of a request on this route, instead of `server.limits.max_body`.',
    example: '100MiB',
  }),
  cors: documented(corsSchema.exactOptional(), {
    type: 'map',
    meaning:
      'Which pages of other origins may read the answers. Preflights are answered here, without credentials; what the upstream says about CORS is replaced.',
    example: { origins: ['https://spa.example.com'], credentials: true },
  }),
  allow: documented(
    distinct(
      z.enum(['encoded-slash', 'empty-segment']),
      'must be a list of encoded-slash and empty-segment',
    ).exactOptional(),
    {
      type: 'list of encoded-slash and empty-segment',
      meaning: 'Unusual spellings that this route accepts in a path; they are refused elsewhere.',
      example: ['encoded-slash'],
    },
  ),
  on_unauthenticated: documented(z.enum(['auto', 'redirect', 'challenge']).prefault('auto'), {
    type: 'auto, redirect or challenge',
    meaning:
      'What whoever is not signed in gets: the sign-in, or 401 as JSON. `auto` sends page views to the sign-in.',
    example: 'challenge',
  }),
  allowed_origins: documented(distinct(origin, 'must be a list of origins').exactOptional(), {
    type: 'list of origins',
    meaning: 'Other origins that may send unsafe requests and open WebSockets with the session.',
    example: ['https://admin.example.com'],
  }),
  csrf: documented(z.enum(['on', 'off']).prefault('on'), {
    type: 'on or off',
    meaning: 'Whether unsafe requests of other sites are refused.',
    example: 'off',
  }),
  authorization: documented(z.enum(['strip', 'pass']).prefault('strip'), {
    type: 'strip or pass',
    meaning: "What becomes of the client's own `Authorization` header; `pass` only where access is public.",
    example: 'pass',
  }),
}

/** Whoever names one of these means somebody in particular. */
const conditionKeys = ['scopes', 'any_scope', 'claims', 'acr', 'max_age'] as const

/** A rule as far as its route alone tells: what counts as a credential may depend on the whole file. */
export type RouteRule = Omit<Rule, 'name' | 'caseSensitive' | 'credentials'> &
  Partial<Pick<Rule, 'credentials'>>

/** One entry of the `routes` section, as a rule that lacks what only the whole file knows. */
export const routeSchema = withRelations(
  z.strictObject({ ...target, ...conditions, ...stepUp, ...treatment }),
  [
    {
      reads: [],
      find: ({ access, ...route }) => {
        const isConditional = conditionKeys.some((key) => route[key] !== undefined)
        const message =
          'is required: say access: public, optional or authenticated, or name scopes, any_scope or claims'
        return conflictIf(access === undefined && !isConditional, ['access'], message)
      },
    },
    {
      reads: [['access']],
      find: ({ access, ...route }) =>
        conditionKeys
          .filter((key) => (access === 'public' || access === 'optional') && route[key] !== undefined)
          .map((key) => ({
            path: [key],
            message: `means authenticated; take it out, or "access: ${access}"`,
          })),
    },
    {
      reads: [['access'], ['authorization']],
      find: ({ access, authorization }) =>
        conflictIf(
          authorization === 'pass' && access !== 'public',
          ['authorization'],
          'must be strip unless the route says access: public',
        ),
    },
    {
      reads: [['access']],
      find: ({ access, ...route }) =>
        (['credentials', 'audience'] as const)
          .filter((key) => access === 'public' && route[key] !== undefined)
          .map((key) => ({ path: [key], message: 'means nothing where access is public; take it out' })),
    },
    {
      reads: [['credentials']],
      find: ({ credentials, audience }) =>
        conflictIf(
          audience !== undefined && credentials?.includes('bearer') === false,
          ['audience'],
          'is about bearer tokens, which "credentials" leaves out',
        ),
    },
    {
      reads: [['scopes'], ['any_scope']],
      find: ({ on_missing_scope, scopes, any_scope }) =>
        conflictIf(
          on_missing_scope === 'request' && scopes === undefined && any_scope === undefined,
          ['on_missing_scope'],
          'must be forbid unless the route names scopes or any_scope',
        ),
    },
  ],
).transform(
  (route): RouteRule => ({
    path: route.path,
    ...(route.host !== undefined && { host: route.host }),
    ...(route.methods !== undefined && { methods: route.methods }),
    ...(route.upstream !== undefined && { upstream: route.upstream }),
    access: route.access ?? 'authenticated',
    ...(route.credentials !== undefined && { credentials: route.credentials }),
    audience: route.audience ?? [],
    scopes: route.scopes ?? [],
    anyScope: route.any_scope ?? [],
    claims: route.claims ?? {},
    acr: route.acr ?? [],
    ...(route.max_age !== undefined && { maxAge: route.max_age / 1000 }),
    onMissingScope: route.on_missing_scope,
    allow: route.allow ?? [],
    onUnauthenticated: route.on_unauthenticated,
    allowedOrigins: route.allowed_origins ?? [],
    ...(route.cors !== undefined && { cors: corsPolicy(route.cors, route.methods) }),
    csrf: route.csrf === 'on',
    authorization: route.authorization,
    ...(route.max_body !== undefined && { maxBody: route.max_body }),
  }),
)
