import { createHash, createHmac } from 'node:crypto'
import { createMemo } from '../core/memo.ts'

/** What people and sessions are called in records. */
export type Names = Readonly<{
  /** Plainly, or by a pseudonym that only the holder of the key can tie to somebody. */
  subject: (sub: string) => Readonly<{ sub: string } | { pseudonym: string }>
  /** Tells sessions apart without their identifiers. */
  session: (sessionId: string) => string
}>

/** People and sessions whose hashes are not made again at every request: those cost more than the rest of a record. */
const remembered = 4_096

/** Makes the names; with a key, those of people are pseudonyms, the same for the same person as long as the key is. */
export function createNames(key: Uint8Array | undefined): Names {
  const pseudonym = (sub: string) => ({
    pseudonym: createHmac('sha256', key as Uint8Array)
      .update(sub)
      .digest('base64url'),
  })
  return {
    subject: key === undefined ? (sub) => ({ sub }) : createMemo(remembered, pseudonym),
    session: createMemo(remembered, digestOf),
  }
}

/** The first 128 bits of the SHA-256. */
function digestOf(sessionId: string): string {
  return createHash('sha256').update(sessionId).digest().subarray(0, 16).toString('base64url')
}
