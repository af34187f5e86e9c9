import { z } from 'zod'
import { documented } from './documented.ts'
import { fileContent } from './file-content.ts'
import type { ReadTextFile } from './read-text-file.ts'
import { type Conflict, conflictIf, notBoth, type Relation } from './relation.ts'
import { line } from './text.ts'

/** Who Postern is at a server, and how it proves that; `of` says which server, in the reference. */
export const clientKeys = (read: ReadTextFile, of: string) => ({
  client_id: documented(line('must be the client id that the provider gave'), {
    type: 'text',
    meaning: `Who Postern is at ${of}.`,
    example: 'postern',
  }),
  client_secret: documented(line('must be the client secret that the provider gave').exactOptional(), {
    type: 'text (secret)',
    meaning: 'The password of the client. Required with `client_secret_basic` and `client_secret_post`.',
    example: `$\{POSTERN_CLIENT_SECRET}`,
  }),
  client_secret_file: documented(
    fileContent(read)
      .refine(
        (content) => /^\P{Cc}+$/u.test(content),
        'must name a file with the client secret as its only line',
      )
      .exactOptional(),
    {
      type: 'path of a file',
      meaning: 'A file that holds the client secret, instead of `client_secret`.',
      example: '/run/secrets/client_secret',
    },
  ),
  client_auth: documented(
    z
      .enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'])
      .prefault('client_secret_basic'),
    {
      type: 'client_secret_basic, client_secret_post, private_key_jwt or none',
      meaning: `How Postern proves to ${of} who it is (OpenID Connect Core 1.0 section 9).`,
      example: 'private_key_jwt',
    },
  ),
  client_key_file: documented(
    fileContent(read)
      .refine((content) => /^\s*(?:\{|-----BEGIN [A-Z ]*PRIVATE KEY-----)/.test(content), {
        error: 'must name a file with a private key as PEM (PKCS #8) or as JWK',
      })
      .exactOptional(),
    {
      type: 'path of a file',
      meaning: 'The private key that signs for `private_key_jwt`: PEM (PKCS #8) or JWK.',
      example: '/run/secrets/client_key.pem',
    },
  ),
  client_key_id: documented(line('must be a key id').exactOptional(), {
    type: 'text',
    meaning: 'The `kid` of that key, where one is wanted.',
    example: '2026-11',
  }),
})

/** These keys as their relations see them. */
type ClientKeys = Readonly<{
  client_auth: string
  client_secret?: string
  client_secret_file?: string
  client_key_file?: string
  client_key_id?: string
}>

/** What these keys demand of each other. */
export const clientRelations: readonly Relation<ClientKeys & Record<string, unknown>>[] = [
  notBoth('client_secret', 'client_secret_file'),
  { reads: [['client_auth']], find: findMissingCredential },
]

/** The section with its secrets in place, wherever they were written. */
export function withClientSecrets<T extends ClientKeys>(keys: T) {
  const { client_secret_file, client_key_file, client_key_id, ...rest } = keys
  return {
    ...rest,
    ...(client_secret_file !== undefined && { client_secret: client_secret_file }),
    ...(client_key_file !== undefined && { client_key: clientKey(client_key_file, client_key_id) }),
  }
}

function clientKey(content: string, id: string | undefined): { pem_or_jwk: string; key_id?: string } {
  return { pem_or_jwk: content, ...(id !== undefined && { key_id: id }) }
}

function findMissingCredential(client: ClientKeys): readonly Conflict[] {
  const { client_auth, client_secret, client_secret_file, client_key_file } = client
  const needsSecret = client_auth === 'client_secret_basic' || client_auth === 'client_secret_post'
  const hasSecret = client_secret !== undefined || client_secret_file !== undefined
  return [
    ...conflictIf(
      needsSecret && !hasSecret,
      ['client_secret'],
      'is required; write it, or "client_secret_file", or another "client_auth"',
    ),
    ...conflictIf(
      client_auth === 'private_key_jwt' && client_key_file === undefined,
      ['client_key_file'],
      'is required for private_key_jwt',
    ),
  ]
}
