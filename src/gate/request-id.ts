import { randomBytes } from 'node:crypto'

/**
 * Makes the ids of one process: a random 64-bit prefix, drawn once, and a counter, both in base36.
 * Cheap enough for every request, unique across processes, and never taken from the client.
 */
export function createRequestIds(): () => string {
  const prefix = randomBytes(8).readBigUInt64BE().toString(36)
  let count = 0
  return () => {
    count += 1
    return `${prefix}-${count.toString(36)}`
  }
}
