import { z } from 'zod'
import { type CheckRules, configRelations, rulesOf } from './config-relations.ts'
import { documented } from './documented.ts'
import type { Problem } from './problem.ts'
import type { ReadTextFile } from './read-text-file.ts'
import { withRelations } from './relation.ts'
import { adminSchema } from './schema-admin.ts'
import { auditSchema } from './schema-audit.ts'
import { bearerSchema } from './schema-bearer.ts'
import { forwardAuthSchema } from './schema-forward-auth.ts'
import { loggingSchema } from './schema-logging.ts'
import { providerSchema } from './schema-provider.ts'
import { redirectSchema } from './schema-redirect.ts'
import { routeSchema } from './schema-route.ts'
import { serverSchema } from './schema-server.ts'
import { noSession, sessionSchema } from './schema-session.ts'
import { tracingSchema } from './schema-tracing.ts'
import { upstreamSchema } from './schema-upstream.ts'
import { checked } from './text.ts'

/** What the schema needs beside the value: `read` for the files that are named, `checkRules` for the routes, `now` for certificates. */
export type SchemaOptions = Readonly<{
  read: ReadTextFile
  checkRules: CheckRules
  /** Epoch milliseconds. */
  now: () => number
}>

const upstreamName = checked('must be a name of letters, digits, _, - and .', (text) =>
  /^[\w.-]+$/.test(text),
)
const routesMessage = 'must be a list of at least one route'
const upstreamsMessage = 'must be a map with at least one upstream, like web: { url: "http://web:8080" }'

const sections = (read: ReadTextFile, now: () => number) =>
  z.strictObject({
    server: documented(serverSchema(read, now), {
      type: 'map',
      meaning: 'The listener that browsers and clients reach.',
      example: { public_url: 'https://app.example.com' },
    }),
    admin: documented(adminSchema.prefault({}), {
      type: 'map',
      meaning: 'The listener for probes and metrics.',
      example: { listen: '127.0.0.1:4181' },
    }),
    provider: documented(providerSchema(read).exactOptional(), {
      type: 'map',
      meaning:
        'The OAuth 2.0 or OpenID provider that signs people in, and who Postern is there. Required, unless `bearer` is written and nobody signs in.',
      example: { issuer: 'https://login.example.com', client_id: 'postern' },
    }),
    session: documented(sessionSchema(read).exactOptional(), {
      type: 'map',
      meaning: 'How people stay signed in. Required with `provider`.',
      example: { keys: [`$\{POSTERN_SESSION_KEY}`] },
    }),
    bearer: documented(bearerSchema(read).exactOptional(), {
      type: 'map',
      meaning: 'Which access tokens of API clients are accepted. None by default.',
      example: {
        issuers: [{ issuer: 'https://login.example.com', audience: 'https://api.example.com' }],
      },
    }),
    upstreams: documented(
      z
        .record(upstreamName, upstreamSchema(read), upstreamsMessage)
        .refine((upstreams) => Object.keys(upstreams).length > 0, upstreamsMessage)
        .exactOptional(),
      {
        type: 'map of name to upstream',
        meaning:
          'The services behind Postern, each under a name that routes use. Required, unless `forward_auth` is written and another proxy forwards everything.',
        example: { orders: { url: 'http://orders:8080' } },
      },
    ),
    routes: documented(z.array(routeSchema, routesMessage).min(1, routesMessage), {
      type: 'list of routes',
      meaning:
        'Which path goes to which upstream, and who may pass. A path without a route is answered with 404.',
      example: [{ path: '/**', upstream: 'web', access: 'authenticated' }],
    }),
    forward_auth: documented(forwardAuthSchema.exactOptional(), {
      type: 'map',
      meaning:
        'Lets another proxy ask the `auth` endpoint whether a request may pass. The endpoint is not there without this section.',
      example: { preset: 'nginx' },
    }),
    redirect: documented(redirectSchema.prefault({}), {
      type: 'map',
      meaning: 'Where people may be sent after signing in or out, beside the hosts of Postern itself.',
      example: { allowed_hosts: ['*.apps.example.com'] },
    }),
    logging: documented(loggingSchema.prefault({}), {
      type: 'map',
      meaning: 'What is written to the log.',
      example: { level: 'debug' },
    }),
    audit: documented(auditSchema(read).exactOptional(), {
      type: 'map',
      meaning:
        'Records of sign-ins, refreshes, sign-outs and decisions, for whoever has to account for them; [audit.md](audit.md) tells what is in them. None without this section.',
      example: { file: '/var/log/postern/audit.jsonl' },
    }),
    tracing: documented(tracingSchema(read).exactOptional(), {
      type: 'map',
      meaning:
        'Sends spans of requests to an OpenTelemetry collector; [traces.md](traces.md) tells what is in them. Without this section nothing is traced here, and the `traceparent` and `tracestate` of clients are passed on to upstreams as they came, unless they are malformed.',
      example: { otlp_endpoint: 'http://otel-collector:4318', sample: 0.05 },
    }),
  })

/** A configuration as its relations see it. */
export type ConfigKeys = z.output<ReturnType<typeof sections>>

/** The one schema of the configuration: from the YAML as written to the value the program works with. */
export function configSchema({ read, checkRules, now }: SchemaOptions) {
  return withRelations(sections(read, now), configRelations(checkRules)).transform((config) => ({
    ...config,
    session: config.session ?? noSession(read),
    upstreams: config.upstreams ?? {},
    routes: rulesOf(config),
  }))
}

/** A configuration that the schema accepts: durations in milliseconds, keys as bytes, files read. */
export type CheckedConfig = z.output<ReturnType<typeof configSchema>>

/** A checked configuration with what is allowed and yet told at every start. It is frozen. */
export type Config = CheckedConfig & Readonly<{ warnings: readonly Problem[] }>
