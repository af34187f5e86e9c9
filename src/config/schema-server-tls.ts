import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { z } from 'zod'
import { documented } from './documented.ts'
import { fileContent } from './file-content.ts'
import type { ReadTextFile } from './read-text-file.ts'
import { type Conflict, withRelations } from './relation.ts'

/** The `server.tls` section: what the listener that browsers reach ends TLS with. `now` in epoch milliseconds. */
export function serverTls(read: ReadTextFile, now: () => number) {
  const keys = z.strictObject({
    cert_file: documented(
      fileContent(read).superRefine((pem, context) => {
        const message = problemOf(pem, now())
        if (message !== undefined) context.addIssue({ code: 'custom', message })
      }),
      {
        type: 'path of a file',
        meaning:
          'The certificate for the hosts of `public_url`, as PEM, followed by those that lead to a known authority.',
        example: '/etc/postern/tls/tls.crt',
      },
    ),
    key_file: documented(
      fileContent(read).refine(
        (pem) => privateKeyOf(pem) !== undefined,
        'must name a PEM file with a private key that has no passphrase',
      ),
      {
        type: 'path of a file',
        meaning: 'The private key of the certificate, as PEM, without a passphrase.',
        example: '/etc/postern/tls/tls.key',
      },
    ),
    http2: documented(z.boolean().prefault(false), {
      type: 'boolean',
      meaning:
        'Whether clients may speak HTTP/2. It has rules of its own to break, and Node.js less practice in them: several workers are advised. WebSockets come by HTTP/1.1 in any case, and upstreams are asked by it.',
      example: true,
    }),
  })
  return withRelations(keys, [{ reads: [['cert_file'], ['key_file']], find: findUnusablePair }]).transform(
    ({ cert_file, key_file, http2 }) => ({ cert: cert_file, key: key_file, http2 }),
  )
}

/** The first certificate of a PEM file, that of the server itself, if there is one. */
export function certificateOf(pem: string): X509Certificate | undefined {
  return orUndefined(() => new X509Certificate(pem))
}

function privateKeyOf(pem: string): KeyObject | undefined {
  return orUndefined(() => createPrivateKey(pem))
}

/** What is not read says why in words of OpenSSL, which nobody would understand. */
function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

function problemOf(pem: string, now: number): string | undefined {
  const certificate = certificateOf(pem)
  if (certificate === undefined) return 'must name a PEM file with a certificate'
  const { validFrom, validTo } = certificate
  if (Date.parse(validTo) <= now) return `has expired on ${validTo}; renew the certificate`
  if (Date.parse(validFrom) > now) return `is not valid before ${validFrom}; check the clock, or wait`
  return undefined
}

function findUnusablePair({
  cert_file: cert,
  key_file: key,
}: Readonly<{ cert_file: string; key_file: string }>): readonly Conflict[] {
  const certificate = certificateOf(cert) as X509Certificate
  if (!certificate.checkPrivateKey(privateKeyOf(key) as KeyObject)) {
    return [{ path: ['key_file'], message: 'is not the private key of the certificate in "cert_file"' }]
  }
  try {
    createSecureContext({ cert, key })
    return []
  } catch (error) {
    return [{ path: ['cert_file'], message: `cannot be used: ${(error as Error).message}` }]
  }
}
