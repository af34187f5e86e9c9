import { z } from 'zod'
import { documented } from './documented.ts'
import { pemFile } from './file-content.ts'
import type { ReadTextFile } from './read-text-file.ts'

/** The `tls` section of a server that is only asked; `of` says which, in the reference. */
export function tlsAuthorities(read: ReadTextFile, of: string) {
  return documented(
    z
      .strictObject({
        ca_file: documented(pemFile(read, 'CERTIFICATE').exactOptional(), {
          type: 'path of a file',
          meaning: `The certificate authorities to trust for ${of}, as PEM, instead of the well-known ones.`,
          example: '/etc/postern/ca.pem',
        }),
      })
      .transform(({ ca_file }) => (ca_file === undefined ? {} : { ca: ca_file }) as { ca?: string })
      .prefault({}),
    {
      type: 'map',
      meaning: `How the certificate of ${of} is verified.`,
      example: { ca_file: 'ca.pem' },
    },
  )
}
