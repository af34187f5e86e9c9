import { z } from 'zod'
import { documented } from './documented.ts'
import { durationUnit, shortDuration } from './duration.ts'
import { pemFile } from './file-content.ts'
import { headerName } from './header-name.ts'
import type { ReadTextFile } from './read-text-file.ts'
import { conflictIf, withRelations } from './relation.ts'
import { checked, claimPath, isPlainPath } from './text.ts'
import { upstreamUrl } from './upstream-url.ts'

const defaultIdentityHeaders = {
  'X-Forwarded-User': 'sub',
  'X-Forwarded-Email': 'email',
  'X-Forwarded-Groups': 'groups',
  'X-Forwarded-Preferred-Username': 'preferred_username',
}

const identityHeaders = z
  .union(
    [z.boolean(), z.record(headerName, claimPath)],
    'must be true, false or a map of header name to claim',
  )
  .transform((value): Record<string, string> => {
    if (typeof value === 'object') return value
    return value ? { ...defaultIdentityHeaders } : {}
  })
  .prefault(true)

const pathPrefix = checked('must be a path of plain segments without a trailing slash, like /v1', isPlainPath)

const timeouts = z.strictObject({
  connect: documented(shortDuration.prefault('5s'), {
    type: 'duration',
    unit: durationUnit,
    meaning: 'How long a connection may take to be made, TLS included.',
    example: '2s',
  }),
  headers: documented(shortDuration.prefault('30s'), {
    type: 'duration',
    unit: durationUnit,
    meaning: 'How long the head of an answer may take.',
    example: '2m',
  }),
  body: documented(shortDuration.prefault('60s'), {
    type: 'duration',
    unit: durationUnit,
    meaning:
      'How long the body of an answer, or of a request that is not held back, may pause between two pieces.',
    example: '10m',
  }),
})

const tlsKeys = (read: ReadTextFile) =>
  z.strictObject({
    ca_file: documented(pemFile(read, 'CERTIFICATE').exactOptional(), {
      type: 'path of a file',
      meaning:
        'The certificate authorities to trust for this upstream, as PEM, instead of the well-known ones.',
      example: '/etc/postern/ca.pem',
    }),
    cert_file: documented(pemFile(read, 'CERTIFICATE').exactOptional(), {
      type: 'path of a file',
      meaning: 'The client certificate that Postern shows, as PEM; with `key_file`.',
      example: '/etc/postern/client.pem',
    }),
    key_file: documented(pemFile(read, 'PRIVATE KEY').exactOptional(), {
      type: 'path of a file',
      meaning: 'The private key of the client certificate, as PEM.',
      example: '/etc/postern/client.key',
    }),
    server_name: documented(
      checked('must be a host name', (text) => /^[A-Za-z0-9.-]+$/.test(text)).exactOptional(),
      {
        type: 'host name',
        meaning: "The name that the upstream's certificate must have, where it is not that of `url`.",
        example: 'orders.internal',
      },
    ),
  })

const tls = (read: ReadTextFile) =>
  withRelations(tlsKeys(read), [
    {
      reads: [],
      find: ({ cert_file, key_file }) => [
        ...conflictIf(
          cert_file !== undefined && key_file === undefined,
          ['key_file'],
          'is required beside "cert_file"',
        ),
        ...conflictIf(
          key_file !== undefined && cert_file === undefined,
          ['cert_file'],
          'is required beside "key_file"',
        ),
      ],
    },
  ]).transform(({ ca_file, cert_file, key_file, server_name }) => ({
    ...(ca_file !== undefined && { ca: ca_file }),
    ...(cert_file !== undefined && { cert: cert_file }),
    ...(key_file !== undefined && { key: key_file }),
    ...(server_name !== undefined && { server_name }),
  }))

/** One entry of the `upstreams` section: a service behind Postern. */
export function upstreamSchema(read: ReadTextFile) {
  const keys = z.strictObject({
    url: documented(upstreamUrl, {
      type: 'http://, https:// or unix: URL',
      meaning: 'Where the service listens; a path is put before the path of each request.',
      example: 'http://orders:8080',
    }),
    token: documented(z.enum(['access', 'id', 'none']).prefault('access'), {
      type: 'access, id or none',
      meaning: 'Which token `Authorization: Bearer` carries to the service.',
      example: 'none',
    }),
    host: documented(z.enum(['keep', 'rewrite']).prefault('keep'), {
      type: 'keep or rewrite',
      meaning: 'Whether the service sees the `Host` of the browser or that of its own URL.',
      example: 'rewrite',
    }),
    strip_prefix: documented(pathPrefix.exactOptional(), {
      type: 'path',
      meaning: 'Taken off the beginning of the path before the request is sent on.',
      example: '/orders',
    }),
    add_prefix: documented(pathPrefix.exactOptional(), {
      type: 'path',
      meaning: 'Put before the path, after `strip_prefix` was taken off.',
      example: '/v1',
    }),
    case_sensitive: documented(z.boolean().prefault(false), {
      type: 'true or false',
      meaning:
        'Whether `/Admin` and `/admin` are different paths for the service. Its routes are matched accordingly.',
      example: true,
    }),
    tls: documented(tls(read).prefault({}), {
      type: 'map',
      meaning: 'How the certificate of an https upstream is verified (always), and who Postern is there.',
      example: { ca_file: '/etc/postern/ca.pem' },
    }),
    timeouts: documented(timeouts.prefault({}), {
      type: 'map',
      meaning: 'How long to wait for the service.',
      example: { headers: '2m' },
    }),
    identity_headers: documented(identityHeaders, {
      type: 'true, false, or map of header to claim',
      meaning:
        'The headers that tell the service who is signed in. `true` means `X-Forwarded-User`, `-Email`, `-Groups` and `-Preferred-Username`. What clients send under these names is always taken out.',
      example: { 'X-User': 'sub', 'X-Roles': 'realm_access.roles' },
    }),
  })
  return withRelations(keys, [
    {
      reads: [['url'], ['tls']],
      find: ({ url, tls }) =>
        conflictIf(
          Object.keys(tls).length > 0 && !url.origin.startsWith('https:'),
          ['tls'],
          'needs a url that begins with https://',
        ),
    },
  ])
}
