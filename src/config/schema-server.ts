import { z } from 'zod'
import { cidr } from './cidr.ts'
import { documented } from './documented.ts'
import { durationOrZero, durationUnit, shortDuration } from './duration.ts'
import { listenAddress } from './listen-address.ts'
import type { ReadTextFile } from './read-text-file.ts'
import { conflictIf, withRelations } from './relation.ts'
import { limitsSchema, timeoutsSchema } from './schema-limits.ts'
import { overloadSchema } from './schema-overload.ts'
import { serverTls } from './schema-server-tls.ts'
import { checked, distinct, isPlainPath } from './text.ts'
import { exposedMessage, isExposed, origin } from './web-url.ts'

const publicUrl = z
  .union(
    [origin, distinct(origin, 'must be an origin like https://app.example.com, or a list of origins')],
    'must be an origin like https://app.example.com, or a list of origins',
  )
  .transform((value) => [value].flat())

const workersMessage = 'must be a number from 1 to 64, or auto'

const shutdown = z.strictObject({
  delay: documented(durationOrZero.prefault('5s'), {
    type: 'duration, or 0s',
    unit: durationUnit,
    meaning:
      'How long `/readyz` says "not ready" at SIGTERM before anything is closed, for load balancers to notice. SIGINT does not wait.',
    example: '15s',
  }),
  timeout: documented(shortDuration.prefault('20s'), {
    type: 'duration',
    unit: durationUnit,
    meaning:
      'How long requests under way may take after that. With the delay, less than the grace period of Kubernetes (30 seconds).',
    example: '50s',
  }),
})

const keys = z.strictObject({
  listen: documented(listenAddress.prefault('0.0.0.0:4180'), {
    type: 'host:port, [::]:port, :port or unix:/path',
    meaning: 'Where browsers and clients connect. `:port` means every IPv4 address; port 0 takes a free one.',
    example: 'unix:/run/postern.sock',
  }),
  public_url: documented(publicUrl, {
    type: 'origin, or list of origins',
    meaning:
      'The origin browsers see. Register this origin followed by the prefix and `/callback` as redirect URI at the provider.',
    example: 'https://app.example.com',
  }),
  prefix: documented(
    checked('must be a path of plain segments without a trailing slash, like /oauth2', isPlainPath).prefault(
      '/oauth2',
    ),
    { type: 'path', meaning: "Where Postern's own endpoints are.", example: '/_auth' },
  ),
  trusted_proxies: documented(z.array(cidr, 'must be a list of addresses or CIDRs').prefault([]), {
    type: 'list of addresses or CIDRs',
    meaning: 'The proxies whose `X-Forwarded-*` headers are believed. Nobody by default.',
    example: ['10.0.0.0/8', '::1'],
  }),
  workers: documented(
    z
      .union(
        [z.int(workersMessage).min(1, workersMessage).max(64, workersMessage), z.literal('auto')],
        workersMessage,
      )
      .prefault(1),
    {
      type: 'number, or auto',
      unit: 'processes',
      meaning:
        'How many processes share the requests; `auto` is one for each core. With more than one, another process beside them refreshes the sessions of all.',
      example: 'auto',
    },
  ),
  dangerously_allow_http: documented(z.boolean().prefault(false), {
    type: 'true or false',
    meaning:
      'Accepts `http://` public URLs of hosts other than loopback. Sessions and logins can then be read on the network; every start warns.',
    example: true,
  }),
  watch_files: documented(z.boolean().prefault(true), {
    type: 'true or false',
    meaning:
      'Loads the configuration anew when it, or any file it names, was changed. SIGHUP does so in any case. What cannot be used leaves everything as it was.',
    example: false,
  }),
  shutdown: documented(shutdown.prefault({}), {
    type: 'map',
    meaning: 'How the process stops.',
    example: { delay: '15s' },
  }),
  timeouts: documented(timeoutsSchema.prefault({}), {
    type: 'map',
    meaning: 'How long to wait for clients.',
    example: { headers: '10s' },
  }),
  limits: documented(limitsSchema.prefault({}), {
    type: 'map',
    meaning:
      'How much clients may ask for. Each process counts for itself: with several workers, each of them has these limits.',
    example: { max_body: '10MiB' },
  }),
  overload: documented(overloadSchema.prefault({}), {
    type: 'map',
    meaning:
      'From where on new requests are answered with 503 and `Retry-After`, so that those under way come to their end.',
    example: { event_loop_delay: '200ms' },
  }),
})

const tlsKey = (read: ReadTextFile, now: () => number) =>
  documented(serverTls(read, now).exactOptional(), {
    type: 'map',
    meaning:
      'Ends TLS here, by version 1.2 or 1.3, where nothing in front does. Without it the listener speaks plain HTTP.',
    example: { cert_file: '/etc/postern/tls/tls.crt', key_file: '/etc/postern/tls/tls.key' },
  })

/** The `server` section: the listener that browsers reach; `now` in epoch milliseconds. */
export function serverSchema(read: ReadTextFile, now: () => number) {
  return withRelations(keys.extend({ tls: tlsKey(read, now) }), [
    {
      reads: [['public_url'], ['dangerously_allow_http']],
      find: ({ public_url, dangerously_allow_http }) =>
        public_url.flatMap((url, index) =>
          isExposed(url) && !dangerously_allow_http
            ? [{ path: ['public_url', index], message: exposedMessage }]
            : [],
        ),
    },
    {
      reads: [['public_url'], ['tls']],
      find: ({ public_url, tls }) =>
        public_url.flatMap((url, index) =>
          conflictIf(
            tls !== undefined && url.startsWith('http:'),
            ['public_url', index],
            'must begin with https://, since "tls" is written',
          ),
        ),
    },
  ])
}
