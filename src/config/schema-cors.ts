import { z } from 'zod'
import type { CorsPolicy } from '../core/cors.ts'
import { documented } from './documented.ts'
import { durationUnit, wholeSeconds } from './duration.ts'
import { checked, distinct, isToken } from './text.ts'
import { origin } from './web-url.ts'

const name = checked('must be a header name', isToken)
const method = checked('must be a request method like PUT', isToken).transform((text) => text.toUpperCase())

/** The `cors` section of a route. */
export const corsSchema = z.strictObject({
  origins: documented(distinct(origin, 'must be a list of origins, each written out; * is none'), {
    type: 'list of origins',
    meaning: 'The origins whose pages may read the answers, each written out. There is no wildcard.',
    example: ['https://spa.example.com'],
  }),
  methods: documented(distinct(method, 'must be a list of request methods').exactOptional(), {
    type: 'list of methods',
    meaning: 'The methods that a preflight allows; those of the route by default.',
    example: ['GET', 'PUT'],
  }),
  headers: documented(
    distinct(name, 'must be a list of header names').prefault(['Authorization', 'Content-Type']),
    {
      type: 'list of header names',
      meaning: 'The request headers that a preflight allows.',
      example: ['Authorization', 'Content-Type', 'If-Match'],
    },
  ),
  expose_headers: documented(distinct(name, 'must be a list of header names').exactOptional(), {
    type: 'list of header names',
    meaning: 'The response headers that scripts may read beside the plain ones.',
    example: ['ETag'],
  }),
  credentials: documented(z.boolean().prefault(false), {
    type: 'true or false',
    meaning:
      'Whether the session may go with the requests. These origins may then send unsafe requests with it too, as with `allowed_origins`.',
    example: true,
  }),
  max_age: documented(wholeSeconds.prefault('10m'), {
    type: 'duration',
    unit: durationUnit,
    meaning: 'How long a browser may remember a preflight.',
    example: '1h',
  }),
})

/** The policy of a rule from its section. */
export function corsPolicy(cors: z.output<typeof corsSchema>): CorsPolicy {
  return {
    origins: cors.origins,
    ...(cors.methods !== undefined && { methods: cors.methods }),
    headers: cors.headers.map((header) => header.toLowerCase()),
    exposeHeaders: cors.expose_headers ?? [],
    credentials: cors.credentials,
    maxAge: cors.max_age / 1000,
  }
}
