import { parsed } from './text.ts'

/** A sealing key: 32 random bytes as base64 or base64url, in bytes. */
export const sessionKey = parsed(
  'must be 32 random bytes as base64; "postern keygen" prints such a key',
  (text) => (/^(?:[A-Za-z0-9+/]{43}=?|[\w-]{43}=?)$/.test(text) ? Buffer.from(text, 'base64') : undefined),
).refine(
  (key) => new Set(key).size >= 8,
  'is too simple to be a random key; "postern keygen" prints a good one',
)
