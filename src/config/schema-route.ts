import { z } from 'zod'
import type { Rule } from '../core/rules.ts'
import { documented } from './documented.ts'
import { conflictIf, withRelations } from './relation.ts'
import { scope } from './schema-provider.ts'
import { checked, distinct, isToken, line } from './text.ts'
import { origin } from './web-url.ts'

/** A request method; TRACE would hand cookies back to scripts and CONNECT asks for a tunnel. */
const method = checked(
  'must be a request method like GET; CONNECT and TRACE are never served',
  (text) => isToken(text) && !['CONNECT', 'TRACE'].includes(text.toUpperCase()),
).transform((text) => text.toUpperCase())

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
    distinct(method, 'must be a list of request methods, like [GET, POST]').exactOptional(),
    {
      type: 'list of methods',
      meaning: 'Only for these methods; all of them by default. HEAD is judged as GET unless it is named.',
      example: ['GET', 'POST'],
    },
  ),
  upstream: documented(line('must be the name of an upstream'), {
    type: 'name of an upstream',
    meaning: 'Which service answers.',
    example: 'orders',
  }),
}

const conditions = {
  access: documented(z.enum(['public', 'optional', 'authenticated']).exactOptional(), {
    type: 'public, optional or authenticated',
    meaning:
      'Who may pass: everybody; everybody, with identity where there is one; or whoever is signed in. Required unless the route names scopes or claims, which mean `authenticated`.',
    example: 'public',
  }),
  scopes: documented(distinct(scope, 'must be a list of strings').exactOptional(), {
    type: 'list of scopes',
    meaning: 'Scopes that must all have been granted.',
    example: ['orders:read'],
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

const treatment = {
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

/** One entry of the `routes` section, as a rule that lacks what only the whole file knows. */
export const routeSchema = withRelations(z.strictObject({ ...target, ...conditions, ...treatment }), [
  {
    reads: [],
    find: ({ access, scopes, any_scope, claims }) => {
      const isConditional = [scopes, any_scope, claims].some((condition) => condition !== undefined)
      const message =
        'is required: say access: public, optional or authenticated, or name scopes, any_scope or claims'
      return conflictIf(access === undefined && !isConditional, ['access'], message)
    },
  },
  {
    reads: [['access']],
    find: ({ access, ...route }) =>
      (['scopes', 'any_scope', 'claims'] as const)
        .filter((key) => (access === 'public' || access === 'optional') && route[key] !== undefined)
        .map((key) => ({ path: [key], message: `means authenticated; take it out, or "access: ${access}"` })),
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
]).transform(
  (route): Omit<Rule, 'name' | 'caseSensitive'> => ({
    path: route.path,
    ...(route.host !== undefined && { host: route.host }),
    ...(route.methods !== undefined && { methods: route.methods }),
    upstream: route.upstream,
    access: route.access ?? 'authenticated',
    scopes: route.scopes ?? [],
    anyScope: route.any_scope ?? [],
    claims: route.claims ?? {},
    allow: route.allow ?? [],
    onUnauthenticated: route.on_unauthenticated,
    allowedOrigins: route.allowed_origins ?? [],
    csrf: route.csrf === 'on',
    authorization: route.authorization,
  }),
)
