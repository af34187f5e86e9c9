import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { BearerOutcome } from '../core/bearer-token.ts'
import { createMemo } from '../core/memo.ts'
import { createSweep } from '../core/sweep.ts'

/** What became of tokens, by their hash; the tokens themselves are no keys. */
export type TokenCache = Readonly<{
  get(digest: string): BearerOutcome | undefined
  /** @param until Epoch seconds; at that second the entry is gone. */
  set(digest: string, outcome: BearerOutcome, until: number): void
}>

const maxTokens = 10_000
/** Of all tokens together; what is read from them takes two or three times as much. */
const maxCharacters = 16_000_000
const leastCharacters = maxCharacters / maxTokens

/**
 * Makes a cache of the tokens seen last: 10,000 of an ordinary length, fewer where they are longer than 1,600 characters. It
 * grows as it is used. `clock` gives epoch seconds.
 */
export function createTokenCache(clock: () => number): TokenCache {
  // With `max` the library would set all room aside at once.
  const entries = new LRUCache<string, { outcome: BearerOutcome; until: number }>({
    maxSize: maxCharacters,
    sizeCalculation: ({ outcome }) => Math.max(leastCharacters, charactersOf(outcome)),
  })
  const sweep = createSweep(entries, clock)
  return Object.freeze({
    get(digest: string) {
      const entry = entries.get(digest)
      return entry !== undefined && clock() < entry.until ? entry.outcome : undefined
    },
    set(digest: string, outcome: BearerOutcome, until: number) {
      sweep()
      entries.set(digest, { outcome, until })
    },
  })
}

function charactersOf(outcome: BearerOutcome): number {
  return outcome.kind === 'verified' ? outcome.bearer.token.length : 0
}

/** Tokens whose hash is remembered: hashing costs more than all else that is done with one that was seen before. */
const rememberedTokens = 1_024

/** The SHA-256 of a token, base64url. */
export const digestOf = createMemo(rememberedTokens, (token) =>
  createHash('sha256').update(token).digest('base64url'),
)
