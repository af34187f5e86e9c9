import { randomBytes } from 'node:crypto'

/** Writes one new session key: 32 random bytes as base64. */
export function runKeygen({ write }: Readonly<{ write: (line: string) => void }>): void {
  write(randomBytes(32).toString('base64'))
}
