import { z } from 'zod'
import { documented } from './documented.ts'
import { fileContent } from './file-content.ts'
import type { ReadTextFile } from './read-text-file.ts'
import { conflictIf, notBoth, withRelations } from './relation.ts'
import { sessionKey } from './session-key.ts'
import { checked } from './text.ts'

const keyMissing =
  'is required with subjects: pseudonymous; write it, or "pseudonym_key_file"; "postern keygen" prints a key'
const keyUnused = 'has no use beside subjects: plain; write subjects: pseudonymous, or take it out'
const shareMessage = 'must be a number from 0 to 1'

const keys = (read: ReadTextFile) =>
  z.strictObject({
    file: documented(
      checked('must be an absolute path, or stdout', (text) => text === 'stdout' || text.startsWith('/')),
      {
        type: 'absolute path, or stdout',
        meaning:
          'Where records are appended, one JSON object a line; a new file gets mode 0600. `stdout` puts them among the lines of the log, from which `v` and `type` tell them. Required.',
        example: '/var/log/postern/audit.jsonl',
      },
    ),
    subjects: documented(z.enum(['plain', 'pseudonymous']).prefault('plain'), {
      type: 'plain or pseudonymous',
      meaning:
        'How people are named: `sub` as the provider has it, or `pseudonym`, which only the holder of `pseudonym_key` can tie to somebody.',
      example: 'pseudonymous',
    }),
    pseudonym_key: documented(sessionKey.exactOptional(), {
      type: 'key (secret): 32 bytes, base64',
      meaning:
        'Makes the pseudonyms: HMAC-SHA-256 of the subject. `postern keygen` prints one. With `subjects: pseudonymous`, this or `pseudonym_key_file` is required.',
      example: `$\{POSTERN_PSEUDONYM_KEY}`,
    }),
    pseudonym_key_file: documented(fileContent(read).pipe(sessionKey).exactOptional(), {
      type: 'path of a file',
      meaning: 'A file with that key, instead of `pseudonym_key`.',
      example: '/run/secrets/pseudonym_key',
    }),
    denied: documented(z.boolean('must be true or false').prefault(true), {
      type: 'true or false',
      meaning: 'Whether requests that are refused, or sent to sign in, are recorded.',
      example: false,
    }),
    allowed: documented(z.number(shareMessage).min(0, shareMessage).max(1, shareMessage).prefault(0), {
      type: 'number from 0 to 1',
      meaning:
        'The share of allowed requests that is recorded, picked at random: 1 is all of them, which costs some microseconds and a line each.',
      example: 0.01,
    }),
  })

/** The `audit` section: what is written down about sign-ins and decisions, and how people are named there. */
export function auditSchema(read: ReadTextFile) {
  return withRelations(keys(read), [
    notBoth('pseudonym_key', 'pseudonym_key_file'),
    {
      reads: [['subjects']],
      find: ({ subjects, pseudonym_key, pseudonym_key_file }) => {
        const given =
          pseudonym_key === undefined ? pseudonym_key_file && 'pseudonym_key_file' : 'pseudonym_key'
        if (subjects === 'pseudonymous') return conflictIf(given === undefined, ['pseudonym_key'], keyMissing)
        return conflictIf(given !== undefined, [given as string], keyUnused)
      },
    },
  ]).transform(({ pseudonym_key, pseudonym_key_file, ...rest }) => ({
    ...rest,
    pseudonym_key: pseudonym_key ?? pseudonym_key_file,
  }))
}
