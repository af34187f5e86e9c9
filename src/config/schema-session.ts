import { z } from 'zod'
import { documented } from './documented.ts'
import { duration, durationOrNone, durationUnit, shortDuration } from './duration.ts'
import { fileContent } from './file-content.ts'
import type { ReadTextFile } from './read-text-file.ts'
import { conflictIf, notBoth, withRelations } from './relation.ts'
import { sessionKey } from './session-key.ts'
import { checked, distinct } from './text.ts'

const keyList = distinct(sessionKey, 'must be a list of keys')

/** One key a line; empty lines are passed over. */
const keyFile = (read: ReadTextFile) =>
  fileContent(read)
    .transform((content) =>
      content
        .split('\n')
        .map((text) => text.trim())
        .filter((text) => text !== ''),
    )
    .pipe(keyList)

const cookie = z.strictObject({
  name: documented(
    checked(
      'must be letters, digits, _ and - only; the __Host- or __Secure- prefix is added by itself',
      (text) => /^(?!__(?:Host|Secure)-)[\w-]{1,64}$/i.test(text),
    ).prefault('postern'),
    {
      type: 'text',
      meaning: 'The name of the session cookie. `__Host-` and `Secure` are added when `public_url` is https.',
      example: 'orders_session',
    },
  ),
  same_site: documented(z.enum(['lax', 'strict', 'none']).prefault('lax'), {
    type: 'lax, strict or none',
    meaning: 'Whether other sites may cause requests that carry the session; `none` needs https.',
    example: 'strict',
  }),
  domain: documented(
    checked('must be a domain like example.com, without a leading dot', (text) =>
      /^(?=.{1,253}$)(?:(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*|localhost)$/.test(text),
    ).exactOptional(),
    {
      type: 'domain',
      meaning: 'Shares one session between all hosts of this domain. Without it each host has its own.',
      example: 'example.com',
    },
  ),
  max_chunks: documented(
    z
      .int('must be a whole number from 1 to 8')
      .min(1, 'must be at least 1')
      .max(8, 'must be at most 8')
      .prefault(4),
    {
      type: 'number',
      unit: 'cookies of up to 4096 bytes',
      meaning:
        'Over how many cookies a session may be spread. Proxies must accept request headers of that size.',
      example: 6,
    },
  ),
})

const keys = (read: ReadTextFile) =>
  z.strictObject({
    keys: documented(keyList.exactOptional(), {
      type: 'list of keys (secret): 32 bytes, base64',
      meaning:
        'What sessions are sealed with. The first key seals, all of them open: put a new key first and take the old one out once `absolute_lifetime` has passed. `postern keygen` prints one. Required, or `keys_file`.',
      example: [`$\{POSTERN_SESSION_KEY}`],
    }),
    keys_file: documented(keyFile(read).exactOptional(), {
      type: 'path of a file',
      meaning: 'A file with one key a line, instead of `keys`.',
      example: '/run/secrets/session_keys',
    }),
    cookie: documented(cookie.prefault({}), {
      type: 'map',
      meaning: 'The session cookie.',
      example: { name: 'postern', same_site: 'lax' },
    }),
    store: documented(
      z.literal('cookie', 'must be cookie: no other store is supported yet').prefault('cookie'),
      {
        type: 'cookie',
        meaning: 'Where sessions live: sealed, in the browser.',
        example: 'cookie',
      },
    ),
    absolute_lifetime: documented(duration.prefault('12h'), {
      type: 'duration',
      unit: durationUnit,
      meaning: 'How long a session may live, whatever happens.',
      example: '30d',
    }),
    idle_timeout: documented(durationOrNone.prefault('1h'), {
      type: 'duration or none',
      unit: durationUnit,
      meaning: 'How long a session lives without a request; `none` turns this off.',
      example: 'none',
    }),
    refresh_before: documented(shortDuration.prefault('60s'), {
      type: 'duration',
      unit: durationUnit,
      meaning: 'How long before its end an access token is refreshed.',
      example: '30s',
    }),
  })

/** The `session` section: how long people stay signed in, and what keeps that safe. */
export function sessionSchema(read: ReadTextFile) {
  return withRelations(keys(read), [
    notBoth('keys', 'keys_file'),
    {
      reads: [],
      find: ({ keys, keys_file }) =>
        conflictIf(
          !keys && !keys_file,
          ['keys'],
          'is required; write it, or "keys_file"; "postern keygen" prints a key',
        ),
    },
    {
      reads: [['absolute_lifetime'], ['idle_timeout']],
      find: ({ absolute_lifetime, idle_timeout }) =>
        conflictIf(
          idle_timeout !== 'none' && idle_timeout > absolute_lifetime,
          ['idle_timeout'],
          'must not be longer than "absolute_lifetime"; write none to turn it off',
        ),
    },
  ]).transform(({ keys, keys_file, ...rest }) => ({ ...rest, keys: (keys ?? keys_file) as Buffer[] }))
}

/** The section of a gateway at which nobody signs in: the defaults, and no keys. */
export function noSession(read: ReadTextFile) {
  return { ...keys(read).omit({ keys_file: true }).parse({}), keys: [] as Buffer[] }
}
