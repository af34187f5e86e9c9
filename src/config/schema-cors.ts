import { z } from 'zod'
import type { CorsPolicy } from '../core/cors.ts'
import { documented } from './documented.ts'
import { durationUnit, wholeSeconds } from './duration.ts'
import { requestMethod } from './request-method.ts'
import { checked, distinct, isToken } from './text.ts'
import { origin } from './web-url.ts'

/** The wildcard is a name too, which only browsers take for more. */
const name = checked('must be a header name, each written out', (text) => isToken(text) && text !== '*')

/** The `cors` section of a route. */
export const corsSchema = z.strictObject({
  origins: documented(distinct(origin, 'must be a list of origins, each written out; * is none'), {
    type: 'list of origins',
    meaning: 'The origins whose pages may read the answers, each written out. There is no wildcard.',
    example: ['https://spa.example.com'],
  }),
  methods: documented(distinct(requestMethod, 'must be a list of request methods').exactOptional(), {
    type: 'list of methods',
    meaning: 'The methods that a preflight allows, of those of the route; all of them by default.',
    example: ['GET', 'PUT'],
  }),
  headers: documented(
    distinct(
      name.transform((text) => text.toLowerCase()),
      'must be a list of header names',
    ).prefault(['Authorization', 'Content-Type']),
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
      'Whether the session may go with the requests. These origins may then send unsafe requests of these methods with it too, as with `allowed_origins`.',
    example: true,
  }),
  max_age: documented(wholeSeconds.prefault('10m'), {
    type: 'duration',
    unit: durationUnit,
    meaning: 'How long a browser may remember a preflight.',
    example: '1h',
  }),
})

/** The policy of a rule from its section; it allows no method that the rule is not for. */
export function corsPolicy(
  cors: z.output<typeof corsSchema>,
  served: readonly string[] | undefined,
): CorsPolicy {
  const isServed = (method: string) =>
    served === undefined || served.includes(method) || (method === 'HEAD' && served.includes('GET'))
  const methods = cors.methods?.filter(isServed) ?? served
  return {
    origins: cors.origins,
    ...(methods !== undefined && { methods }),
    headers: cors.headers,
    exposeHeaders: cors.expose_headers ?? [],
    credentials: cors.credentials,
    maxAge: cors.max_age / 1000,
  }
}
