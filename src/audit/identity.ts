import { createHash, createHmac } from 'node:crypto'

/** Who is meant: plainly, or under a name that only the holder of the key can tell. */
type Subject = Readonly<{ sub: string } | { pseudonym: string }>

/** Names subjects; with a key, by pseudonyms, which are the same for the same subject as long as the key is. */
export function createNameSubject(key: Uint8Array | undefined): (sub: string) => Subject {
  if (key === undefined) return (sub) => ({ sub })
  return (sub) => ({ pseudonym: createHmac('sha256', key).update(sub).digest('base64url') })
}

/** Tells sessions apart without their identifiers: the first 128 bits of their SHA-256. */
export function sessionDigest(sessionId: string): string {
  return createHash('sha256').update(sessionId).digest().subarray(0, 16).toString('base64url')
}
